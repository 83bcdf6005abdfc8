using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Costs;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Api.Runs;

/// <summary>A run, as the API shows it.</summary>
/// <param name="Status">queued, running, paused, parked, completed, failed or cancelled.</param>
/// <param name="Step">Position of the step begun last, from 0; -1 before the first.</param>
/// <param name="Failure">Why it is parked or failed; null otherwise.</param>
/// <param name="Reason">What the person who paused, resumed or cancelled it said.</param>
/// <param name="CostUsd">US dollars of priced calls, exact. Null, as all amounts, for callers who may not see money.</param>
/// <param name="UnpricedCalls">Completed calls whose cost is unknown, not zero.</param>
/// <param name="ThreadId">The conversation it belongs to; null when it was asked for without one.</param>
/// <param name="Previous">The run before it in that conversation; null when it is the first.</param>
/// <param name="NotBefore">It does not begin before; null when it was to begin at once.</param>
/// <param name="Deadline">It fails if it is still queued or running then; null when its caller set none.</param>
/// <param name="Batch">The batch it was asked for with; null when it was asked for alone.</param>
/// <param name="Schedule">The schedule that asked for it; null when a caller did.</param>
/// <param name="UnconfirmedUsd">Bounds of what calls without an outcome may have cost; null when there are none.</param>
/// <param name="Parent">The run that started it and waits for it. Null for a run that a caller asked for.</param>
/// <param name="ForkedFrom">The run and version it continues. Null when it started fresh.</param>
/// <param name="Incomplete">
/// What cut the answer: length or content_filter; or why it was given early: budget or calls. Null when it is whole, or there is none yet.
/// </param>
/// <param name="Waiting">The wait under way, of a wait step. Null when there is none.</param>
/// <param name="Output">The answer as JSON that fits the schema of the last step. Null when that has none, or there is no answer yet.</param>
/// <param name="InheritedUsd">US dollars that the history it continues has cost other runs; no part of its cost. Null when it started fresh.</param>
public sealed record RunView(
    Guid Id, string Agent, int AgentVersion, string Status, int Priority, string Question, string Model,
    int Step, string? StepName, string? Answer, JsonElement? Citations, FailureView? Failure, string? Reason,
    int ModelCalls, Usage Usage, decimal? CostUsd, int UnpricedCalls, UnconfirmedView? UnconfirmedUsd, decimal? BudgetUsd,
    JsonElement? Metadata, DateTimeOffset QueuedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, double? DurationSeconds,
    string? ThreadId = null, Guid? Previous = null, DateTimeOffset? NotBefore = null, DateTimeOffset? Deadline = null, Guid? Batch = null,
    Guid? Schedule = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Parent = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ForkedFromView? ForkedFrom = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? InheritedUsd = null,
    string? Incomplete = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WaitView? Waiting = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Output = null);

/// <param name="Signal">The signal that ends it. Null when none does.</param>
/// <param name="Until">When it ends at the latest. Null when only the signal, or the end of the run, ends it.</param>
public sealed record WaitView(string? Signal, DateTimeOffset? Until, DateTimeOffset Since);

public sealed record FailureView(string Kind, string Message);

/// <param name="High">Null when a call among them has no price.</param>
public sealed record UnconfirmedView(int Calls, decimal Low, decimal? High);

/// <summary>A row of the timeline; what a fact has no value for is null.</summary>
public sealed record TimelineView(
    long Version, DateTimeOffset At, string Type, int? Step, string? Name, int? Call, int? Attempt, string? ToolCallId,
    double? DurationMs, long? InputTokens, long? OutputTokens, decimal? CostUsd, string? Detail);
