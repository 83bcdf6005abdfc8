using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

// Asked by people; ByKey is the id of the person's key, null when there is none

public sealed record PauseRun(string By, string Reason, string? ByKey = null);
public sealed record ResumeRun(string By, string Reason, string? ByKey = null);
public sealed record CancelRun(string By, string Reason, string? ByKey = null);
/// <param name="BudgetUsd">US dollars over the whole run, above 0.</param>
public sealed record ChangeRunBudget(decimal BudgetUsd, string By, string Reason, string? ByKey = null);

/// <summary>What an attempt of unknown outcome did cost.</summary>
/// <param name="By">Null when the system found out by itself.</param>
public sealed record ResolveSpend(int Call, int Attempt, decimal ActualUsd, SpendSource Source, string? By, string? ByKey = null);

public sealed record ApproveToolCall(string ToolCallId, string By, string? ByKey = null);
public sealed record DenyToolCall(string ToolCallId, string By, string Reason, string? ByKey = null);

/// <summary>What became of a tool call that may have had its effect. Neither a result nor a failure: it had none, and is made again.</summary>
/// <param name="Result">It had its effect, and this is what it brought; may be empty. Null when it had not.</param>
/// <param name="Failed">It had no effect, and is not made again: why. Null otherwise.</param>
public sealed record ResolveToolCall(string ToolCallId, string? Result, string? Failed, string By, string Reason, string? ByKey = null);

/// <summary>A signal, by its name.</summary>
/// <param name="Payload">JSON or text, cleaned; may be empty.</param>
/// <param name="SignalId">The sender's. Null when it gave none.</param>
public sealed record SendSignal(string Name, string Payload, string? SignalId, string By, string? ByKey = null);

/// <summary>A run is forked that draws on this one's budget.</summary>
/// <param name="WantedUsd">What it is to have, in US dollars, above 0. Null means what there is.</param>
/// <param name="Ended">Forks that have ended, whether that is known already or not.</param>
public sealed record HoldForFork(Guid Fork, decimal? WantedUsd, IReadOnlyList<RecordForkEnded> Ended);

// Asked by the clock

/// <summary>The run took longer than it may.</summary>
/// <param name="Deadline">The deadline that its caller set, when that has passed. Null when its duration is over.</param>
public sealed record ExpireRun(DateTimeOffset? Deadline = null);

/// <summary>The tool calls that wait for a person were neither approved nor denied in time.</summary>
public sealed record ExpireApprovals;

/// <summary>The time of a wait has come.</summary>
/// <param name="Wait">Ordinal of the wait within the run.</param>
public sealed record EndWait(int Wait);

/// <summary>The budget a run is parked for has room again.</summary>
public sealed record GoOnWithinBudget;

// Asked by a node with a free slot

/// <param name="Worker">The node that admits the run.</param>
public sealed record StartRun(string Worker);

// Work for the workers: the only messages there are

public sealed record CallModel(Guid RunId, int Call, int Attempt);
public sealed record RunTool(Guid RunId, string ToolCallId, int Attempt);

/// <summary>The run that waited for this one has ended without it.</summary>
public sealed record EndChild(Guid RunId, Guid Parent);

/// <summary>A fork that draws on this run's budget has ended.</summary>
public sealed record SettleFork(Guid RunId, Guid Fork);

// Reported by the workers

/// <summary>How a claimed model call attempt ended. A closed family.</summary>
public abstract record ModelReport(int Call, int Attempt);

public sealed record RecordModelReply(
    int Call, int Attempt, ModelReply Reply, Usage? Usage, string? RawUsage, Cost? Cost, TimeSpan Latency, TimeSpan? TimeToFirstToken = null,
    string? Provider = null, string? ServiceTier = null)
    : ModelReport(Call, Attempt);

/// <param name="LowUsd">The least the attempt can have cost if its outcome is unknown.</param>
/// <param name="HasBegun">A part of the reply had come: the attempt may have been billed, whatever the provider said then.</param>
/// <param name="Text">What had come of the text. Null when nothing had.</param>
public sealed record RecordModelFailure(
    int Call, int Attempt, Failure Failure, TimeSpan Latency, Usage? Usage = null, Cost? Cost = null, decimal LowUsd = 0,
    bool HasBegun = false, string? Text = null)
    : ModelReport(Call, Attempt);

/// <summary>The worker that claimed the attempt is gone, or gave it up: it will not report its outcome.</summary>
public sealed record RecordModelCallLost(int Call, int Attempt, UnknownCause Cause) : ModelReport(Call, Attempt);

/// <summary>A budget had no room for the attempt: nothing was claimed and nothing sent.</summary>
/// <param name="CloseWith">
/// The model, by its position among those of the agent's last model step, with which what is left pays for the run's last word. Null when none does,
/// or the agent does not close at its limit.
/// </param>
public sealed record RefuseModelCall(int Call, int Attempt, BudgetRefusal Refusal, int? CloseWith = null) : ModelReport(Call, Attempt);

/// <summary>How a tool call attempt ended. A closed family.</summary>
public abstract record ToolReport(string ToolCallId, int Attempt);

/// <param name="Retrieved">What a retrieval tool found; null for other tools.</param>
public sealed record RecordToolResult(
    string ToolCallId, int Attempt, string Result, bool Truncated, TimeSpan Latency, Retrieved? Retrieved = null, decimal? ChildUsd = null)
    : ToolReport(ToolCallId, Attempt);

/// <param name="HadNoEffect">The call surely had no effect, because it never reached what it calls.</param>
public sealed record RecordToolFailure(
    string ToolCallId, int Attempt, Failure Failure, TimeSpan Latency, decimal? ChildUsd = null, bool HadNoEffect = false)
    : ToolReport(ToolCallId, Attempt);

/// <summary>The tool wants another run to be started; it is queued in the transaction that records it, if the rules allow it.</summary>
/// <param name="Queued">The run as it is to be queued, but for its budget.</param>
public sealed record RecordChildWanted(string ToolCallId, int Attempt, Guid Child, RunQueued Queued) : ToolReport(ToolCallId, Attempt);

/// <summary>A retrieval's query and what it found, best first.</summary>
public sealed record Retrieved(string Query, IReadOnlyList<Passage> Passages);

/// <summary>A fork has ended.</summary>
/// <param name="SpentUsd">The most it has spent, in US dollars.</param>
public sealed record RecordForkEnded(Guid Fork, decimal SpentUsd);
