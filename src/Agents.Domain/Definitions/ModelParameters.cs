using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>How a model is to answer. What is null is left to what stands above it: run over step over agent over provider.</summary>
/// <param name="Temperature">From 0 to 2.</param>
/// <param name="TopP">Above 0, to 1.</param>
/// <param name="Seed">Asks for the same answer to the same request; no provider promises it.</param>
/// <param name="ReasoningEffort">How much the model is to think before it answers.</param>
/// <param name="Stop">Texts that end the reply, not part of it; one to four of at most 200 UTF-16 units, none empty.</param>
/// <param name="ParallelToolCalls">Whether one reply may ask for several tools.</param>
/// <param name="CacheBreakpoints">Whether the prompt is marked so that the provider keeps the part that the next call begins with, too.</param>
public sealed record ModelParameters(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Temperature = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TopP = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Seed = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReasoningEffort? ReasoningEffort = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Stop = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? ParallelToolCalls = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? CacheBreakpoints = null)
{
    const int MostStops = 4;
    const int StopCharacters = 200;

    /// <summary>What counts for a call: the run's word over the step's over the agent's, each parameter by itself.</summary>
    public static ModelParameters Of(ModelParameters? run, ModelParameters? step, ModelParameters? agent) =>
        (run ?? new()).Over(step ?? new()).Over(agent ?? new());

    /// <summary>Nothing is said: all is left to the provider.</summary>
    public bool IsSilent() => this is
    {
        Temperature: null, TopP: null, Seed: null, ReasoningEffort: null, Stop: null, ParallelToolCalls: null, CacheBreakpoints: null,
    };

    /// <summary>What is wrong with them, in sentences; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (Temperature is not (null or >= 0 and <= 2)) yield return "A temperature is from 0 to 2.";
        if (TopP is not (null or > 0 and <= 1)) yield return "Top-p is above 0 and at most 1.";
        if (ReasoningEffort is { } effort && !Enum.IsDefined(effort)) yield return "A reasoning effort is minimal, low, medium or high.";
        if (Stop is null) yield break;
        if (Stop.Count is 0 or > MostStops) yield return $"There are 1 to {MostStops} texts that end a reply.";
        if (Stop.Any(text => string.IsNullOrEmpty(text) || text != Runs.Sanitiser.Text(text, StopCharacters)))
            yield return $"A text that ends a reply has 1 to {StopCharacters} characters that can be stored.";
    }

    ModelParameters Over(ModelParameters below) => new(
        Temperature ?? below.Temperature, TopP ?? below.TopP, Seed ?? below.Seed, ReasoningEffort ?? below.ReasoningEffort, Stop ?? below.Stop,
        ParallelToolCalls ?? below.ParallelToolCalls, CacheBreakpoints ?? below.CacheBreakpoints);
}

/// <summary>Stored by name: add, never rename.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReasoningEffort>))]
public enum ReasoningEffort { Minimal, Low, Medium, High }
