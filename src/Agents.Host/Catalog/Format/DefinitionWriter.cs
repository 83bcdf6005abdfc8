using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Platform;

namespace Agents.Host.Catalog.Format;

/// <summary>
/// Writes definitions as <see cref="DefinitionReader"/> reads them: what is read again has the same hash. What says nothing is left out.
/// </summary>
public static class DefinitionWriter
{
    internal static readonly JsonSerializerOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonFormat.Depth,
    };

    /// <param name="withMoney">Whether the limit on cost is shown.</param>
    public static string Yaml(AgentDefinition agent, bool withMoney = true) => YamlText.Of(Json(agent, withMoney));

    /// <inheritdoc cref="Yaml"/>
    public static JsonObject Json(AgentDefinition agent, bool withMoney = true) => Said(
        ("name", agent.Name),
        ("version", agent.Version),
        ("description", agent.Description.Length > 0 ? agent.Description : null),
        ("model", agent.Model),
        ("limits", LimitsOf(agent.Limits, withMoney)),
        ("parameters", ParametersOf(agent.Parameters)),
        ("fallback", FallbackOf(agent.Fallback)),
        ("atLimit", agent.AtLimit is AtLimit.Park ? null : DefinitionFormat.WordOf(agent.AtLimit)),
        ("steps", new JsonArray([.. agent.Steps.Select(StepOf)])));

    static JsonObject? LimitsOf(Limits limits, bool withMoney)
    {
        var usual = new Limits();
        var said = Said(
            ("costUsd", withMoney && Text(limits.CostUsd) != Text(usual.CostUsd) ? limits.CostUsd : null),
            ("duration", Duration(limits.Duration)),
            ("modelCallsPerStep", Unless(limits.ModelCallsPerStep, usual.ModelCallsPerStep)),
            ("toolCallsPerTurn", Unless(limits.ToolCallsPerTurn, usual.ToolCallsPerTurn)),
            ("attempts", Unless(limits.Attempts, usual.Attempts)),
            ("outputTokensPerCall", Unless(limits.OutputTokensPerCall, usual.OutputTokensPerCall)),
            ("resultCharacters", Unless(limits.ResultCharacters, usual.ResultCharacters)),
            ("passagesPerStep", Unless(limits.PassagesPerStep, usual.PassagesPerStep)),
            ("approvalWithin", Duration(limits.ApprovalWithin)),
            ("promptCharacters", limits.PromptCharacters));
        return said.Count > 0 ? said : null;

        static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);
    }

    static JsonObject? ParametersOf(ModelParameters? parameters) => parameters is null ? null : Said(
        ("temperature", parameters.Temperature),
        ("topP", parameters.TopP),
        ("seed", parameters.Seed),
        ("reasoningEffort", parameters.ReasoningEffort is { } effort ? DefinitionFormat.WordOf(effort) : null),
        ("stop", Texts(parameters.Stop)),
        ("parallelToolCalls", parameters.ParallelToolCalls),
        ("cacheBreakpoints", parameters.CacheBreakpoints));

    static JsonObject? FallbackOf(Fallback? fallback) => fallback is null ? null : Said(
        ("models", Texts(fallback.Models)),
        ("attempts", Unless(fallback.Attempts, 1)),
        ("on", Texts(fallback.On?.Select(DefinitionFormat.WordOf))));

    static JsonObject StepOf(StepDefinition step)
    {
        var said = Said(
            ("name", step.Name),
            ("when", step.When),
            ("visits", step.Visits),
            ("next", step.Next),
            ("else", step.Else),
            ("callTimeout", Duration(step.CallTimeout)));
        foreach (var (name, value) in KindOf(step).ToList())
        {
            value?.Parent?.AsObject().Remove(name);
            said[name] = value;
        }

        return said;
    }

    static JsonObject KindOf(StepDefinition step) => step switch
    {
        ModelStep model => Said(
            ("model", model.Model),
            ("instructions", model.Instructions),
            ("tools", model.Tools is null ? null : new JsonArray([.. model.Tools.Select(GrantOf)])),
            ("output", SchemaOf(model.OutputSchema)),
            ("parameters", ParametersOf(model.Parameters)),
            ("fallback", FallbackOf(model.Fallback))),
        WaitStep wait => Said(("wait", Said(
            ("signal", wait.Signal), ("for", Duration(wait.For)), ("until", wait.Until is null ? null : ArgumentOf(wait.Until))))),
        ToolStep tool => AgentAsked(tool) is { } agent
            ? Said(
                ("agent", agent),
                ("approval", tool.Tool.NeedsApproval ? true : null),
                ("question", tool.Arguments[ChildArguments.Question] is Argument.Question
                    ? null : ArgumentOf(tool.Arguments[ChildArguments.Question])),
                ("forEach", ForEachOf(tool.ForEach)))
            : Said(
                ("tool", GrantOf(tool.Tool)),
                ("with", tool.Arguments.Count == 0 ? null : Said([.. tool.Arguments.Select(one => (one.Key, (object?)ArgumentOf(one.Value)))])),
                ("forEach", ForEachOf(tool.ForEach))),
        _ => throw new NotSupportedException($"Steps of type {step.GetType().Name} have no text."),
    };

    /// <summary>The agent that a step asks. Null when it does not ask one of one name, with a question and no more.</summary>
    static string? AgentAsked(ToolStep step) =>
        step.Tool is { Tool: ChildOf.Tool, Agents: [var agent] } && step.Arguments.Count == 2 && step.Arguments.ContainsKey(ChildArguments.Question)
            && step.Arguments.GetValueOrDefault(ChildArguments.Agent) is Argument.Text { Value: var asked } && asked == agent ? agent : null;

    static JsonNode GrantOf(ToolGrant grant) => grant is { NeedsApproval: false, Agents: null }
        ? JsonValue.Create(grant.Tool)
        : Said(("tool", grant.Tool), ("approval", grant.NeedsApproval ? true : null), ("agents", Texts(grant.Agents)));

    static JsonNode ArgumentOf(Argument argument) => argument switch
    {
        Argument.Question => Said(("question", true)),
        Argument.Output output => Said(("output", output.Step), ("path", output.Path)),
        Argument.EachLine lines => Said(("eachLine", lines.Step)),
        Argument.Label label => Said(("label", label.Name)),
        Argument.Item item => Said(("item", item.Path ?? (object)true)),
        Argument.Text text => JsonValue.Create(text.Value),
        _ => throw new NotSupportedException($"Arguments of type {argument.GetType().Name} have no text."),
    };

    static JsonObject? ForEachOf(ForEach? forEach)
    {
        if (forEach is null) return null;
        var usual = new ForEach(forEach.Items);
        return Said(
            ("items", ArgumentOf(forEach.Items)),
            ("parallel", Unless(forEach.Parallel, usual.Parallel)),
            ("failures", forEach.Failures),
            ("most", Unless(forEach.Most, usual.Most)));
    }

    /// <summary>As an object where that is read as the very same text; else as the text itself.</summary>
    static JsonNode? SchemaOf(string? schema)
    {
        if (schema is null) return null;
        try
        {
            var parsed = JsonNode.Parse(schema, documentOptions: new() { MaxDepth = JsonFormat.Depth / 2, AllowDuplicateProperties = false });
            return parsed is JsonObject or JsonArray && parsed.ToJsonString(Compact) == schema ? parsed : JsonValue.Create(schema);
        }
        catch (JsonException)
        {
            return JsonValue.Create(schema);
        }
    }

    static JsonArray? Texts(IEnumerable<string>? texts) => texts is null ? null : new([.. texts.Select(text => JsonValue.Create(text))]);

    static string? Duration(TimeSpan? time) => time is { } known ? Durations.Show(known) : null;

    static int? Unless(int value, int usual) => value == usual ? null : value;

    static JsonObject Said(params (string Name, object? Value)[] members)
    {
        var said = new JsonObject();
        foreach (var (name, value) in members)
            if (value is not null)
                said[name] = value switch
                {
                    JsonNode node => node,
                    string text => JsonValue.Create(text),
                    bool flag => JsonValue.Create(flag),
                    int number => JsonValue.Create(number),
                    long number => JsonValue.Create(number),
                    double number => JsonValue.Create(number),
                    decimal amount => JsonValue.Create(amount),
                    _ => throw new NotSupportedException($"{name} is a {value.GetType().Name}."),
                };
        return said;
    }
}
