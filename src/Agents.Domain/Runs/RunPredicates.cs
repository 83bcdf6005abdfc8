namespace Agents.Domain.Runs;

/// <summary>What the rules ask about a run: where an attempt that a message names stands.</summary>
static class RunPredicates
{
    public static bool IsScheduled(this Run run, int call, int attempt) =>
        run.ModelCall is { Status: AttemptStatus.Scheduled } pending && pending.Call == call && pending.Number == attempt;

    public static bool IsStarted(this Run run, int call, int attempt) =>
        run.ModelCall is { Status: AttemptStatus.Started } pending && pending.Call == call && pending.Number == attempt;

    /// <summary>The attempt may have been billed, and what it cost is not known yet.</summary>
    public static bool IsUnconfirmed(this Run run, int call, int attempt) =>
        run.Unconfirmed.Any(lost => lost.Call == call && lost.Attempt == attempt);

    /// <summary>A finished run still records the outcome of a tool that was claimed: it may have had its effect.</summary>
    public static bool IsAwaited(this Run run, string toolCallId, int attempt) =>
        run.ToolCalls.GetValueOrDefault(toolCallId) is { } call && call.Attempt == attempt
        && (call.Status is ToolCallStatus.Started || call.Status is ToolCallStatus.Scheduled && !run.IsFinished());

    public static bool IsAwaitingApproval(this Run run, string toolCallId) =>
        run.ToolCalls.GetValueOrDefault(toolCallId)?.Status is ToolCallStatus.AwaitingApproval;

    /// <summary>
    /// Whether a claimed call may have had its effect: it failed for a reason that may pass, was not told to slow down, and may have reached what it
    /// calls.
    /// </summary>
    /// <remarks>Only tools that must not run twice are claimed.</remarks>
    public static bool MayHaveHadItsEffect(this Run run, RecordToolFailure report) =>
        run.ToolCalls[report.ToolCallId].Status is ToolCallStatus.Started
        && report is { HadNoEffect: false, Failure.Kind: not FailureKind.RateLimited } && report.Failure.IsTransient();

    /// <summary>All tool calls of the turn have settled, none with a result, and none that might have had its effect.</summary>
    public static bool HasNothingOfItsToolCalls(this Run run) => run.ToolCalls.Values.All(call =>
        call.Status is ToolCallStatus.Failed or ToolCallStatus.Denied && call.Failure is not FailureKind.OutcomeUnknown);
}
