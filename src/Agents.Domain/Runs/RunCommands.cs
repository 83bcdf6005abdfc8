using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

// Asked by people

public sealed record PauseRun(string By, string Reason);
public sealed record ResumeRun(string By, string Reason);
public sealed record CancelRun(string By, string Reason);
public sealed record ApproveToolCall(string ToolCallId, string By);
public sealed record DenyToolCall(string ToolCallId, string By, string Reason);

// Asked by the clock

/// <summary>The run took longer than it may.</summary>
public sealed record ExpireRun;

// Asked by a node with a free slot

/// <param name="Worker">The node that admits the run.</param>
public sealed record StartRun(string Worker);

// Work for the workers: the only messages there are

public sealed record CallModel(Guid RunId, int Call, int Attempt);
public sealed record RunTool(Guid RunId, string ToolCallId, int Attempt);

// Reported by the workers

public sealed record RecordModelReply(
    int Call, int Attempt, ModelReply Reply, Usage? Usage, string? RawUsage, Cost? Cost, TimeSpan Latency, TimeSpan? TimeToFirstToken = null);

/// <param name="LowUsd">The least the attempt can have cost if its outcome is unknown.</param>
public sealed record RecordModelFailure(
    int Call, int Attempt, Failure Failure, TimeSpan Latency, Usage? Usage = null, Cost? Cost = null, decimal LowUsd = 0);

/// <summary>An attempt was claimed and nobody will report it.</summary>
public sealed record RecordModelCallLost(int Call, int Attempt, UnknownCause Cause);

/// <param name="Retrieved">What a retrieval tool found; null for other tools.</param>
public sealed record RecordToolResult(
    string ToolCallId, int Attempt, string Result, bool Truncated, TimeSpan Latency, Retrieved? Retrieved = null);

public sealed record RecordToolFailure(string ToolCallId, int Attempt, Failure Failure, TimeSpan Latency);

/// <summary>A retrieval's query and what it found, best first.</summary>
public sealed record Retrieved(string Query, IReadOnlyList<Passage> Passages);
