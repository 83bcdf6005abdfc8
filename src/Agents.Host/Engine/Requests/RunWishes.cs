using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;

namespace Agents.Host.Engine.Requests;

/// <summary>What an answer must be like.</summary>
/// <param name="Schema">JSON Schema, draft 2020-12, that it fits; at most 64 Ki characters.</param>
public sealed record WantedOutput(JsonElement? Schema);

/// <summary>What a caller may ask of the models beside the question, whichever API it comes by.</summary>
public static class RunWishes
{
    /// <summary>What is wrong with parameters. Null when nothing is.</summary>
    public static Refusal? Problem(ModelParameters? parameters, AgentDefinition agent, ModelProviders models)
    {
        if (parameters is null) return null;
        if (parameters.Problems().FirstOrDefault() is { } bad) return new(RefusalKind.Malformed, "Bad parameters", bad);
        return ParametersAreTaken.Problems(agent, parameters, models).FirstOrDefault() is { } missing
            ? new(RefusalKind.Malformed, "Parameters not taken", missing)
            : null;
    }

    /// <summary>What is wrong with the form that an answer is to have. Null when nothing is.</summary>
    public static Refusal? Problem(WantedOutput? output, AgentDefinition agent)
    {
        if (output is null) return null;
        return TextOf(output) is { } schema
            ? SchemaProblem(schema, agent)
            : new(RefusalKind.Malformed, "No schema", "Say what the answer must fit: {\"schema\": {…}}.");
    }

    /// <summary>What is wrong with the schema of an answer. Null when nothing is.</summary>
    public static Refusal? SchemaProblem(string schema, AgentDefinition agent)
    {
        if (OutputSchema.Read(schema).Problem is { } unusable) return new(RefusalKind.Malformed, "Bad schema", unusable);
        return agent.Steps[^1] is ModelStep
            ? null
            : new(RefusalKind.Malformed, "No model to fit it", $"The last step of {agent.Name} asks no model: its answer fits no schema.");
    }

    /// <summary>As the run keeps it; null when nothing is asked for.</summary>
    public static Brief? Brief(WantedOutput? output, ModelParameters? parameters)
    {
        var (schema, wanted) = (output is null ? null : TextOf(output), parameters?.IsSilent() is false ? parameters : null);
        return schema is null && wanted is null ? null : new(OutputSchema: schema, Parameters: wanted);
    }

    static string? TextOf(WantedOutput output) =>
        output.Schema is { ValueKind: not (JsonValueKind.Undefined or JsonValueKind.Null) } schema ? schema.GetRawText() : null;
}
