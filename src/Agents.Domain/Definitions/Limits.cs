using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>Every bound a run obeys. Reaching one is a fact that names it.</summary>
/// <param name="ModelCallsPerStep">Model calls in one step, retries not counted. From 1. Over it the run fails.</param>
/// <param name="ToolCallsPerTurn">
/// Tools run for one model reply, or for one tool step without a list. From 1. Further requests fail at once and the model is told.
/// </param>
/// <param name="Attempts">Tries of one model or tool call before the run parks (model) or the model is told (tool). From 1.</param>
/// <param name="CostUsd">
/// US dollars over the whole run, unconfirmed spend at its upper bound included. Checked before each model call; over it the run parks.
/// </param>
/// <param name="OutputTokensPerCall">Sent to the provider as the most one reply may hold.</param>
/// <param name="ResultCharacters">Longest tool result kept; the rest is cut and the fact says so.</param>
/// <param name="PassagesPerStep">Passages a tool step hands on, best first.</param>
/// <param name="Duration">Wall clock from queueing, while the run is queued or running. Null means one hour. Over it the run fails.</param>
/// <param name="ApprovalWithin">
/// How long a tool call waits for a person; then it is denied by <c>system</c>. Null means as long as the run may take.
/// </param>
/// <param name="PromptCharacters">
/// The most UTF-16 units of one prompt. Over it the oldest of what steps and tools brought is shortened, and the model is told. Null means 262,144.
/// </param>
public sealed record Limits(
    int ModelCallsPerStep = 8,
    int ToolCallsPerTurn = 16,
    int Attempts = 3,
    decimal CostUsd = 1.00m,
    int OutputTokensPerCall = 4096,
    int ResultCharacters = 65_536,
    int PassagesPerStep = 12,
    TimeSpan? Duration = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeSpan? ApprovalWithin = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? PromptCharacters = null)
{
    /// <summary>What is wrong with these limits, in sentences; empty when nothing is. Without tool calls a tool step would wait for ever.</summary>
    public IEnumerable<string> Problems()
    {
        if (new[] { ModelCallsPerStep, ToolCallsPerTurn, Attempts, OutputTokensPerCall, ResultCharacters, PassagesPerStep, PromptCharacters ?? 1 }.Min() < 1)
            yield return "Limits on calls, attempts, tokens, characters and passages count from 1.";
        if (CostUsd < 0) yield return "A limit on cost may not be negative.";
        if (ApprovalWithin <= TimeSpan.Zero) yield return "A limit on waiting for approval must be longer than nothing.";
        if (Duration <= TimeSpan.Zero) yield return "A limit on duration must be longer than nothing.";
    }

    /// <summary>The wall clock a run may take when nothing is said.</summary>
    public static readonly TimeSpan DefaultDuration = TimeSpan.FromHours(1);

    /// <summary>UTF-16 units of one prompt when nothing is said.</summary>
    public const int DefaultPromptCharacters = 262_144;
}
