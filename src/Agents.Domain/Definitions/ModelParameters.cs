using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>How a model is to answer. What is null is left to what stands above it: run over step over agent over provider.</summary>
/// <param name="Temperature">From 0 to 2.</param>
/// <param name="TopP">Above 0, to 1.</param>
/// <param name="Seed">Asks for the same answer to the same request; no provider promises it.</param>
/// <param name="ReasoningEffort">How much the model is to think before it answers.</param>
/// <param name="Stop">Texts that end the reply, not part of it; one to four, none empty.</param>
/// <param name="ParallelToolCalls">Whether one reply may ask for several tools.</param>
/// <param name="CacheBreakpoints">Whether the prompt is marked so that the provider keeps the part that the next call begins with, too.</param>
public sealed record ModelParameters(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Temperature = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TopP = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Seed = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReasoningEffort? ReasoningEffort = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Stop = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? ParallelToolCalls = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? CacheBreakpoints = null);

/// <summary>Stored by name: add, never rename.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReasoningEffort>))]
public enum ReasoningEffort { Minimal, Low, Medium, High }
