using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;

namespace Agents.Host.Engine.Requests;

/// <summary>What an answer must be like.</summary>
/// <param name="Schema">JSON Schema, draft 2020-12, that it fits; at most 64 Ki characters.</param>
public sealed record WantedOutput(JsonElement? Schema);

/// <summary>What a caller may ask of the models beside the question, whichever API it comes by.</summary>
public static class RunWishes
{
    /// <summary>What is wrong with parameters, for any definition that the run may get. Null when nothing is.</summary>
    public static Refusal? Problem(ModelParameters? parameters, AskedAgent agent, ModelProviders models)
    {
        if (parameters is null) return null;
        if (parameters.Problems().FirstOrDefault() is { } bad) return new(RefusalKind.Malformed, "Bad parameters", bad);
        return agent.All.SelectMany(any => ParametersAreTaken.Problems(any, parameters, models)).FirstOrDefault() is { } missing
            ? new(RefusalKind.Malformed, "Parameters not taken", missing)
            : null;
    }

    /// <summary>What is wrong with the form that an answer is to have. Null when nothing is.</summary>
    public static Refusal? Problem(WantedOutput? output, AskedAgent agent)
    {
        if (output is null) return null;
        return TextOf(output) is { } schema
            ? SchemaProblem(schema, agent)
            : new(RefusalKind.Malformed, "No schema", "Say what the answer must fit: {\"schema\": {…}}.");
    }

    /// <summary>What is wrong with the schema of an answer, for any definition that the run may get. Null when nothing is.</summary>
    public static Refusal? SchemaProblem(string schema, AskedAgent agent)
    {
        if (OutputSchema.Read(schema).Problem is { } unusable) return new(RefusalKind.Malformed, "Bad schema", unusable);
        var unfit = agent.All.Select(any => (any.Name, Step: EndWithoutModel(any))).FirstOrDefault(any => any.Step is not null);
        return unfit.Step is { } end
            ? new(RefusalKind.Malformed, "No model to fit it",
                $"A run of {unfit.Name} may end with step {end.Name}, which asks no model: its answer fits no schema.")
            : null;
    }

    /// <summary>As the run keeps it; null when nothing is asked for.</summary>
    public static Brief? Brief(WantedOutput? output, ModelParameters? parameters)
    {
        var (schema, wanted) = (output is null ? null : TextOf(output), parameters?.IsSilent() is false ? parameters : null);
        return schema is null && wanted is null ? null : new(OutputSchema: schema, Parameters: wanted);
    }

    /// <summary>A step without a model that a run may end with. Null when there is none.</summary>
    static StepDefinition? EndWithoutModel(AgentDefinition agent) =>
        agent.Steps.Index().FirstOrDefault(step => step.Item is not ModelStep && agent.MayEndWith(step.Index)).Item;

    static string? TextOf(WantedOutput output) =>
        output.Schema is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } schema ? schema.GetRawText() : null;
}
