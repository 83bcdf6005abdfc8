using System.Text.Json.Serialization;
using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

/// <summary>A fact about one run. The store adds run id, tenant, version, time, correlation and cause.</summary>
public abstract record RunEvent
{
    private protected RunEvent() { }
}

// The run

/// <param name="DefinitionHash">Names the stored definition this run obeys to its end.</param>
/// <param name="Model">Model of the steps that name none.</param>
/// <param name="Priority">0 to 9, 9 the most urgent.</param>
/// <param name="RequestedBy">The caller, by the name of its credential; several may have one name, so see <paramref name="RequestedByKey"/>.</param>
/// <param name="Metadata">The caller's own labels. Null when there are none.</param>
/// <param name="BudgetUsd">US dollars this run may spend. Null means the agent's limit only.</param>
/// <param name="MaxDuration">Wall clock from this fact, or from <paramref name="NotBefore"/>, while the run is queued or running.</param>
/// <param name="IdempotencyKey">The caller's key: one key, one run. Null when none was given.</param>
/// <param name="RequestHash">SHA-256 of the request, to recognise it when it comes again. Null when it cannot be asked twice by mistake.</param>
/// <param name="ForkedFrom">The run and version this one continues from. Null when it starts fresh.</param>
/// <param name="Parent">The run whose tool started this one. Null for a run started by a caller.</param>
/// <param name="TraceParent">W3C trace context of the request, so that a resumed run stays one trace. Null when untraced.</param>
/// <param name="ThreadId">Its conversation, by the caller's name for it or by the id of its first run. Null when it belongs to none.</param>
/// <param name="Previous">The run whose question and answer come before this one in the conversation. Null when it begins one.</param>
/// <param name="After">The run of the same thread, or schedule, that must have ended before this one may begin. Null when it need not wait.</param>
/// <param name="Brief">What the caller said besides the question. Null when nothing.</param>
/// <param name="NotBefore">The run does not begin before. Null means at once.</param>
/// <param name="Deadline">The run fails when it is still queued or running then. Null means that only its duration ends it.</param>
/// <param name="Batch">The batch it was asked for with. Null when it was asked for alone.</param>
/// <param name="Schedule">The schedule that asked for it. Null when a caller did.</param>
/// <param name="ChildOf">The tool call of the parent that waits for it. Null for a run started by a caller.</param>
/// <param name="RequestedByKey">The id of the caller's key. Null when the server needed none, and in facts older than this field.</param>
/// <param name="RecordedTools">No tool is called for this run: it is given the results that the run it continues has recorded.</param>
public sealed record RunQueued(
    string Agent,
    int AgentVersion,
    string DefinitionHash,
    string Model,
    string Question,
    int Priority,
    string RequestedBy,
    TimeSpan MaxDuration,
    IReadOnlyDictionary<string, string>? Metadata = null,
    decimal? BudgetUsd = null,
    string? IdempotencyKey = null,
    string? RequestHash = null,
    ForkedFrom? ForkedFrom = null,
    Guid? Parent = null,
    string? TraceParent = null,
    string? ThreadId = null,
    Guid? Previous = null,
    Guid? After = null,
    Brief? Brief = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? NotBefore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deadline = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Batch = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Firing? Schedule = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ChildOf? ChildOf = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RequestedByKey = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool RecordedTools = false) : RunEvent
{
    /// <summary>When the run ends at the latest while it is queued or running, unless it is resumed.</summary>
    /// <param name="queuedAt">The time of this fact.</param>
    public DateTimeOffset EndsBy(DateTimeOffset queuedAt)
    {
        var longest = (NotBefore > queuedAt ? NotBefore.Value : queuedAt) + MaxDuration;
        return Deadline < longest ? Deadline.Value : longest;
    }
}

/// <summary>What a schedule asked for a run for.</summary>
/// <param name="Schedule">Its id; a schedule made anew under an old name has another.</param>
/// <param name="At">The time at which the run was due. Null when a person asked for it now.</param>
public sealed record Firing(Guid Schedule, DateTimeOffset? At);

/// <summary>A version of another run.</summary>
/// <param name="Root">
/// The run at the root of both, on whose own budget, if it has one, this one draws. The fork itself where it draws on no other's. Null in facts older
/// than this field.
/// </param>
public sealed record ForkedFrom(Guid Run, long Version, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Root = null);

/// <summary>
/// What a fork begins with: where the other run stood at <see cref="RunQueued.ForkedFrom"/>. Always version 2 of a fork, and nowhere else.
/// </summary>
/// <remarks>What was said is not copied: it is read from the other run, whose facts never change. Nothing in here was bought by this run.</remarks>
/// <param name="Step">Position of the step begun last; -1 before the first.</param>
/// <param name="Name">Of that step; empty before the first.</param>
/// <param name="IsInStep">That step is not complete yet.</param>
/// <param name="Outputs">Outputs of completed steps that another step reads, by position; of a step taken several times, the last.</param>
/// <param name="ModelCalls">Ordinal of the last model call that has its reply; this run's own calls go on from there.</param>
/// <param name="ToolCalls">Of the turn under way. Those that have no outcome are asked for anew when this run starts.</param>
/// <param name="InheritedUsd">US dollars, priced calls only, that the shared history has cost. The runs that made it have paid.</param>
/// <param name="Reason">In the words of the caller that forked it; may be empty.</param>
/// <param name="Doubts">Calls of completed steps of which it is not known whether they had their effect. Null when every outcome is known.</param>
/// <param name="KeepsResults">As for <see cref="StepStarted"/>, of the step under way.</param>
/// <param name="KeepsAnswer">As for <see cref="StepStarted"/>, of the step under way.</param>
/// <param name="Visits">How often steps were taken, by position, where the run counts it. Null when it counts none.</param>
/// <param name="Answer">What the run would have answered with if all that was left had been skipped. Null when that was not kept.</param>
public sealed record StateInherited(
    int Step, string Name, bool IsInStep, IReadOnlyDictionary<int, string> Outputs, int ModelCalls, IReadOnlyList<InheritedToolCall> ToolCalls,
    decimal InheritedUsd, string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<InheritedDoubt>? Doubts = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool KeepsResults = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool KeepsAnswer = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<int, int>? Visits = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AnswerSoFar? Answer = null) : RunEvent;

/// <summary>A tool call of a completed step of which it is not known whether it had its effect.</summary>
/// <param name="Step">Position of the step.</param>
public sealed record InheritedDoubt(int Step, string ToolCallId);

/// <param name="Arguments">Null when they are not needed any more.</param>
/// <param name="Status">Scheduled when it has no outcome.</param>
/// <param name="Attempt">The last one made; 0 when it has no outcome.</param>
/// <param name="Failure">Of the last failed attempt. Null when there was none.</param>
/// <param name="Result">What it brought, where that is kept. Null otherwise.</param>
public sealed record InheritedToolCall(
    string ToolCallId, string Tool, string? Arguments, ToolCallStatus Status, int Attempt, FailureKind? Failure = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Result = null);

/// <summary>A run was forked from this one, or from one below it, and draws on this one's budget; queued in the same transaction.</summary>
/// <param name="HeldUsd">Its budget, in US dollars, taken from what this run may spend until it ends.</param>
public sealed record ForkStarted(Guid Fork, decimal HeldUsd) : RunEvent;

/// <param name="SpentUsd">The most it has spent, in US dollars, runs that it started included. Counts from now on instead of what was held.</param>
public sealed record ForkEnded(Guid Fork, decimal SpentUsd) : RunEvent;

/// <param name="Worker">The node that admitted the run.</param>
public sealed record RunStarted(string Worker) : RunEvent;

/// <param name="ByKey">The id of the person's key. Null when the server needed none, and in facts older than this field.</param>
public sealed record RunPaused(
    string By, string Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <param name="By">The person, or <c>system</c>.</param>
/// <param name="ByKey">The id of the person's key. Null for the system, when the server needed none, and in facts older than this field.</param>
public sealed record RunResumed(
    string By, string Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <summary>
/// Stopped by the system with its history intact: retries spent, budget spent, refused, or an unsafe outcome unknown. Resuming goes on.
/// </summary>
/// <param name="Budget">The budget that had no room, and what it would have needed. Null when it was not about a budget.</param>
public sealed record RunParked(Failure Failure, BudgetRefusal? Budget = null) : RunEvent;

/// <summary>A person set what the run may spend; from now on this counts instead of its first budget and of the agent's limit.</summary>
/// <param name="BudgetUsd">US dollars over the whole run, above 0.</param>
/// <param name="ByKey">The id of the person's key. Null when the server needed none, and in facts older than this field.</param>
public sealed record RunBudgetChanged(
    decimal BudgetUsd, string By, string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <summary>
/// What the run may spend, or the calls that a step may make, are nearly used up: it gives its last word now, in one call without tools. The step
/// under way is left, and those between it and <paramref name="Step"/>, and behind that, are skipped.
/// </summary>
/// <param name="Reason"><c>budget</c> or <c>calls</c>.</param>
/// <param name="Step">Position of the step that gives the last word: the last model step.</param>
public sealed record RunClosing(string Reason, int Step) : RunEvent;

/// <param name="Incomplete">
/// What cut the answer: <c>length</c> or <c>content_filter</c>; or why it was given early: <c>budget</c> or <c>calls</c>. Null when it is whole.
/// </param>
/// <param name="Output">The answer as JSON that fits the schema of the last step. Null when that has none: the answer is text.</param>
public sealed record RunCompleted(
    string Answer, IReadOnlyList<Citation> Citations,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Incomplete = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Output = null) : RunEvent;

public sealed record RunFailed(Failure Failure) : RunEvent;

/// <param name="By">The person, or <c>system</c>.</param>
/// <param name="ByKey">The id of the person's key. Null for the system, when the server needed none, and in facts older than this field.</param>
public sealed record RunCancelled(
    string By, string Reason, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

// Its steps

/// <param name="Step">Position in the agent's steps, from 0.</param>
/// <param name="KeepsResults">The checkpoint keeps the results of the tool step's calls, because its output is made of them.</param>
/// <param name="KeepsAnswer">The checkpoint keeps what the step says, because the run may end without another answer.</param>
/// <param name="Visit">Which time the run takes this step, from 1. Null where nothing asks for it, and in facts older than this field.</param>
public sealed record StepStarted(
    int Step, string Name,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool KeepsResults = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool KeepsAnswer = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Visit = null) : RunEvent;

/// <summary>The run came to the step and did not take it.</summary>
/// <param name="Step">Position in the agent's steps, from 0.</param>
public sealed record StepSkipped(int Step, string Name, SkipReason Reason) : RunEvent;

/// <summary>The step's output is final.</summary>
/// <param name="Output">
/// What a model step said. Of a tool step whose results are kept, the result of its call, or a JSON array with one element for each; else empty.
/// </param>
/// <param name="IsReadLater">A step takes this output, or a condition looks at it; only then does the checkpoint keep it.</param>
public sealed record StepCompleted(int Step, string Output, bool IsReadLater = false) : RunEvent;

/// <summary>The run waits in its step, and holds no slot meanwhile.</summary>
/// <param name="Wait">Ordinal of the wait within the run, from 1: a step that is taken again waits anew.</param>
/// <param name="Signal">The signal that ends it. Null when none does.</param>
/// <param name="Until">When it ends at the latest, in UTC; may be past. Null when no such time was set.</param>
/// <param name="For">How long it may take from this fact. Null when no such time was set.</param>
public sealed record WaitStarted(int Wait, int Step, string? Signal, DateTimeOffset? Until, TimeSpan? For) : RunEvent
{
    /// <summary>Stores take the first and the last moment of the calendar for no time at all.</summary>
    static readonly DateTimeOffset Latest = new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When its time comes: the earlier one of both, from 1970 to 9999. Null when it has none.</summary>
    /// <param name="startedAt">The time of this fact.</param>
    public DateTimeOffset? EndsBy(DateTimeOffset startedAt)
    {
        var end = For is not { } longest ? Until : longest < Latest - startedAt ? startedAt + longest : Latest;
        if (Until < end) end = Until;
        return end > Latest ? Latest : end < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : end;
    }
}

/// <summary>The wait is over, and with it its step.</summary>
/// <param name="Payload">Of the signal; empty when the time came.</param>
public sealed record WaitEnded(int Wait, int Step, WaitEnd By, string Payload) : RunEvent;

/// <summary>Somebody sent the run a signal. It is kept until a wait uses it: the first one for its name, the oldest signal first.</summary>
/// <param name="Payload">JSON or text; may be empty.</param>
/// <param name="SignalId">The sender's: the same id twice counts once. Null when none was given.</param>
/// <param name="ByKey">The id of the sender's key. Null when the server needed none.</param>
public sealed record SignalReceived(
    string Name, string Payload,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SignalId, string By,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

// Model calls: scheduled, started, then completed, failed or unknown

/// <param name="Call">Ordinal of the model call within the run, from 1.</param>
/// <param name="Attempt">From 1; raised by each retry of the same call.</param>
/// <param name="Delay">How long after this fact it may begin. Zero on a first attempt.</param>
/// <param name="Fallback">Position of the model among those of the step: 0 is its own, 1 the first that takes over.</param>
/// <param name="Because">Why the model before was left. Null when it was not.</param>
public sealed record ModelCallScheduled(
    int Call, int Attempt, int Step, string Model, TimeSpan Delay,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] int Fallback = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Failure? Because = null) : RunEvent
{
    /// <summary>The model, if it is not the step's own; null if it is.</summary>
    internal string? FallbackModel() => Fallback > 0 ? Model : null;
}

/// <summary>A worker took the attempt; stored before the request is sent. If no outcome follows, that worker was lost.</summary>
/// <param name="RequestHash">SHA-256 of what is sent: model, messages, tools, and schema and parameters where there are any.</param>
/// <param name="PriceVersion">The price list in force. Null when it has no price for the model.</param>
/// <param name="ReservedUsd">The most this attempt can cost. Null without a price.</param>
/// <param name="MaxOutputTokens">
/// The most the reply may hold, where a budget had no room for as much as the agent's limit. Null when that holds.
/// </param>
/// <param name="Provider">The provider that is asked, by the name of its entry. Null in facts older than this field.</param>
/// <param name="KeptUsd">What is kept back for the run's last word, in US dollars. Null when nothing is.</param>
public sealed record ModelCallStarted(
    int Call, int Attempt, string Worker, string RequestHash, string? PriceVersion, decimal? ReservedUsd, int? MaxOutputTokens = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Provider = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? KeptUsd = null) : RunEvent;

/// <param name="Usage">Null when the provider reported none, or nothing believable.</param>
/// <param name="RawUsage">The provider's own usage JSON, to the letter. Null when it sent none.</param>
/// <param name="Cost">Null when the usage is unknown or the price list had no price for the model that answered.</param>
/// <param name="Latency">From sending the request to the last token.</param>
/// <param name="TimeToFirstToken">From sending the request. Null when the reply had no text.</param>
/// <param name="Provider">The provider that was asked, such as <c>openai</c>. Null in facts older than this field.</param>
/// <param name="ServiceTier">The tier the provider says it served, as it names it. Null when it said none.</param>
public sealed record ModelCallCompleted(
    int Call, int Attempt, ModelReply Reply, Usage? Usage, string? RawUsage, Cost? Cost,
    TimeSpan Latency, TimeSpan? TimeToFirstToken = null, string? Provider = null, string? ServiceTier = null) : RunEvent;

/// <summary>The provider answered that it did not do it: nothing was bought unless <paramref name="Cost"/> says so.</summary>
public sealed record ModelCallFailed(
    int Call, int Attempt, Failure Failure, TimeSpan Latency, Usage? Usage = null, Cost? Cost = null) : RunEvent;

/// <summary>The request was, or may have been, sent, and no complete answer came: it may have been billed. Unconfirmed spend.</summary>
/// <param name="LowUsd">The least it can have cost, at least 0.</param>
/// <param name="HighUsd">The most it can have cost. Null when the model has no price.</param>
/// <param name="Failure">What went wrong, in the provider's words where it had any. Null when the worker was lost, or gave the call up.</param>
/// <param name="Text">What had come of the text. Null when nothing had.</param>
public sealed record ModelCallOutcomeUnknown(
    int Call, int Attempt, UnknownCause Cause, decimal LowUsd, decimal? HighUsd,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Failure? Failure = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Text = null) : RunEvent;

/// <summary>What an unknown outcome did cost, after all.</summary>
/// <param name="By">The person who said so. Null when the server found out by itself.</param>
/// <param name="ByKey">The id of the person's key. Null when there was none, and in facts older than this field.</param>
public sealed record SpendResolved(
    int Call, int Attempt, decimal ActualUsd, SpendSource Source, string? By = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

// Tool calls: requested by the model or a tool step, approved and then scheduled if need be, then like model calls

/// <summary>
/// A call that needs no approval is scheduled with this fact: its first attempt is due, unless it is refused in the same transaction.
/// </summary>
/// <param name="ToolCallId">Unique within the run; see <see cref="ToolCallIds"/>.</param>
/// <param name="Call">The model call that asked. Null for a tool step.</param>
/// <param name="Arguments">JSON as the model wrote it, valid or not.</param>
/// <param name="ApprovalWithin">From this fact; then it is denied. Null when it needs no approval, or waits as long as the run may take.</param>
public sealed record ToolCallRequested(
    string ToolCallId, int? Call, string Tool, string Arguments, bool NeedsApproval,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeSpan? ApprovalWithin = null) : RunEvent;

/// <param name="ByKey">The id of the person's key. Null when the server needed none, and in facts older than this field.</param>
public sealed record ToolCallApproved(
    string ToolCallId, string By, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <param name="By">The person, or <c>system</c> when none answered in time.</param>
/// <param name="ByKey">The id of the person's key. Null for the system, when the server needed none, and in facts older than this field.</param>
public sealed record ToolCallDenied(
    string ToolCallId, string By, string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <summary>An attempt is due, where the request itself was not its schedule: one that was approved, or tried again.</summary>
/// <param name="Delay">How long after this fact it may begin. Zero on a first attempt.</param>
public sealed record ToolCallScheduled(string ToolCallId, int Attempt, TimeSpan Delay) : RunEvent;

/// <summary>Only for tools that must not run twice: stored before the tool runs.</summary>
public sealed record ToolCallStarted(string ToolCallId, int Attempt, string Worker) : RunEvent;

/// <summary>Another run was started and is waited for; queued in the same transaction. Its end is the outcome of the tool call.</summary>
/// <param name="HeldUsd">Its budget, in US dollars, taken from what this run may spend until it ends.</param>
public sealed record ChildRunStarted(string ToolCallId, int Attempt, Guid Child, string Agent, decimal HeldUsd) : RunEvent;

/// <param name="Truncated">The result was longer than <see cref="Definitions.Limits.ResultCharacters"/> and was cut.</param>
/// <param name="ChildUsd">The most the run that was waited for has spent, its own children included. Null for other tools.</param>
public sealed record ToolCallCompleted(
    string ToolCallId, int Attempt, string Result, bool Truncated, TimeSpan Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? ChildUsd = null) : RunEvent;

/// <param name="Attempt">0 when it was refused before any attempt.</param>
/// <param name="ChildUsd">The most the run that was waited for has spent, its own children included. Null for other tools.</param>
public sealed record ToolCallFailed(
    string ToolCallId, int Attempt, Failure Failure, TimeSpan Latency,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] decimal? ChildUsd = null) : RunEvent;

/// <summary>
/// A person said what became of a call of which it was not known whether it had its effect. That is its outcome, or, with neither a result nor a
/// failure, it had no effect and is made again.
/// </summary>
/// <param name="Attempt">The attempt whose outcome was not known.</param>
/// <param name="Result">What it brought; may be empty. Null when it had no effect.</param>
/// <param name="Failed">Why it had no effect, where it is not made again. Null otherwise.</param>
/// <param name="Reason">How the person knows; may be empty.</param>
/// <param name="ByKey">The id of the person's key. Null when the server needed none.</param>
public sealed record ToolCallResolved(
    string ToolCallId, int Attempt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Result,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Failed,
    string By, string Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ByKey = null) : RunEvent;

/// <summary>What a retrieval found, best first: the ground for citations. Recorded with the tool call that made it.</summary>
public sealed record PassagesRetrieved(string ToolCallId, string Query, IReadOnlyList<Passage> Passages) : RunEvent;
