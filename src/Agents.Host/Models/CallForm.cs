using Agents.Domain.Definitions;
using Agents.Host.Models.Outputs;
using Microsoft.Extensions.AI;
using ReasoningEffort = Agents.Domain.Definitions.ReasoningEffort;

namespace Agents.Host.Models;

/// <summary>
/// Parameters and schema of a call in Microsoft.Extensions.AI's words. What those have no word for, each provider's client reads here.
/// </summary>
static class CallForm
{
    const string EffortProperty = "agents:effort";
    const string CacheProperty = "agents:cache";

    /// <param name="schema">JSON text; one that cannot be read is left out, and the reply then fits none.</param>
    public static void Set(ChatOptions options, ModelParameters parameters, string? schema)
    {
        options.Temperature = (float?)parameters.Temperature;
        options.TopP = (float?)parameters.TopP;
        options.Seed = parameters.Seed;
        options.StopSequences = parameters.Stop is null ? null : [.. parameters.Stop];
        options.AllowMultipleToolCalls = parameters.ParallelToolCalls;
        if (parameters.ReasoningEffort is { } effort) options.AdditionalProperties![EffortProperty] = effort;
        if (parameters.CacheBreakpoints is true) options.AdditionalProperties![CacheProperty] = true;
        if (schema is not null && OutputSchema.Read(schema).Schema is { } wanted)
            options.ResponseFormat = wanted.IsAnyObject ? ChatResponseFormat.Json : ChatResponseFormat.ForJsonSchema(wanted.Json, SchemaName);
    }

    /// <summary>Providers want schemas to have one.</summary>
    public const string SchemaName = "output";

    public static ReasoningEffort? EffortOf(ChatOptions? options) =>
        options?.AdditionalProperties?.TryGetValue(EffortProperty, out var effort) is true ? effort as ReasoningEffort? : null;

    /// <summary>Whether the prompt is to be marked where the next call's differs.</summary>
    public static bool Caches(ChatOptions? options) => options?.AdditionalProperties?.ContainsKey(CacheProperty) is true;

    /// <summary>The schema that a call's reply must fit. Null when it has none.</summary>
    public static OutputSchema? SchemaOf(ChatOptions? options) => options?.ResponseFormat is ChatResponseFormatJson format
        ? OutputSchema.Read((format.Schema ?? OutputSchema.AnyObject).GetRawText()).Schema
        : null;
}
