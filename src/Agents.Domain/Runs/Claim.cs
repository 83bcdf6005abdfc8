using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

/// <summary>Whether a worker may perform an attempt. Keeps an attempt from being performed twice unnoticed.</summary>
public abstract record Claim
{
    private Claim() { }

    /// <summary>Go ahead, once this fact is stored.</summary>
    public sealed record Taken(RunEvent Started) : Claim;

    /// <summary>A worker that is gone had started this attempt and will never report: report it lost.</summary>
    public sealed record Lost : Claim;

    /// <summary>The run moved on or stands still, or a living worker has the attempt; do nothing.</summary>
    public sealed record NotDue : Claim;

    /// <summary>A budget has too little room for what the attempt may cost: report it refused.</summary>
    public sealed record Refused(BudgetRefusal Refusal) : Claim;

    /// <param name="started">The fact to store if the claim is taken.</param>
    /// <param name="ownerIsGone">Whether the worker that started the attempt has died. Ignored when no worker started it.</param>
    /// <param name="leastUsd">The most the attempt can cost with the shortest reply that is worth asking for. Null without a price.</param>
    /// <param name="mayBeUnpriced">Whether a call without a price may be made by a run that has a budget.</param>
    /// <param name="lastWord">What the run may spend, and what it keeps back. Null when its agent does not close at its limit.</param>
    public static Claim On(
        Run run, CallModel work, ModelCallStarted started, bool ownerIsGone, decimal? leastUsd = null, bool mayBeUnpriced = true,
        LastWord? lastWord = null) => run.ModelCall switch
    {
        { Status: AttemptStatus.Started } call when IsOf(call, work) && ownerIsGone => new Lost(),
        { Status: AttemptStatus.Scheduled } call when IsOf(call, work) && run.Status is RunStatus.Running =>
            run.HasRoomFor(started.ReservedUsd, mayBeUnpriced) && LeavesTheLastWord(run, started.ReservedUsd, lastWord)
                ? new Taken(started)
                : new Refused(run.Refusal(
                    lastWord?.MostUsd ?? run.BudgetUsd!.Value, started.ReservedUsd, leastUsd ?? started.ReservedUsd, lastWord?.KeptUsd ?? 0)),
        _ => new NotDue(),
    };

    /// <inheritdoc cref="On(Run, CallModel, ModelCallStarted, bool, decimal?, bool, LastWord?)"/>
    public static Claim On(Run run, RunTool work, ToolCallStarted started, bool ownerIsGone) =>
        run.ToolCalls.GetValueOrDefault(work.ToolCallId) switch
    {
        { Status: ToolCallStatus.Started } call when call.Attempt == work.Attempt && ownerIsGone => new Lost(),
        { Status: ToolCallStatus.Scheduled } call when call.Attempt == work.Attempt && run.Status is RunStatus.Running => new Taken(started),
        _ => new NotDue(),
    };

    static bool LeavesTheLastWord(Run run, decimal? upperUsd, LastWord? lastWord) =>
        lastWord is null || upperUsd is not { } upper || run.CommittedUsd() + upper + lastWord.KeptUsd <= lastWord.MostUsd;

    static bool IsOf(ModelAttempt call, CallModel work) => call.Call == work.Call && call.Number == work.Attempt;
}
