namespace Agents.Domain.Runs;

/// <summary>What a running run waits for when nothing of it is in flight and nothing of it is due.</summary>
public enum Pending
{
    /// <summary>A person's word on a tool call.</summary>
    Approval,

    /// <summary>The time of a retry.</summary>
    Retry,

    /// <summary>The end of a run that it started.</summary>
    Child,

    /// <summary>A time or a signal, in a wait step.</summary>
    Wait,
}

/// <summary>
/// What becomes of a run's slot after a decision. A run that waits gives its slot back, and its work is sent by the node that gives it one again: the
/// queue is the only place from which work begins.
/// </summary>
/// <param name="Waits">What the run waits for now, its slot given back. Null when it does not wait.</param>
/// <param name="HeldBack">How long the soonest of the retries scheduled just now is held back. Null when none is.</param>
/// <param name="IsRecalled">The run may go on and has no slot: it queues for one.</param>
public sealed record SlotUse(Pending? Waits, TimeSpan? HeldBack, bool IsRecalled)
{
    /// <summary>A retry that is due later than this is brought back by the queue, not by a message: the slot is for others meanwhile.</summary>
    public static readonly TimeSpan LongestHeld = TimeSpan.FromSeconds(3);

    /// <summary>The run keeps its slot, and no work of it is held back.</summary>
    public bool IsKept() => this is { Waits: null, HeldBack: null, IsRecalled: false };

    /// <summary>Whether work is sent with the facts, rather than by the node that gives the run a slot.</summary>
    public bool Sends(Work work) => !IsRecalled && work.Delay <= LongestHeld;

    internal static SlotUse After(Decision decision)
    {
        var waits = Of(decision.Run);
        TimeSpan? heldBack = null;
        foreach (var happened in decision.Events)
            if (Work.DueTo(decision.Run.Id, happened) is { } work && work.Delay > LongestHeld && !(heldBack <= work.Delay)) heldBack = work.Delay;

        var isRecalled = decision.Run.Status is RunStatus.Running && (decision.Events.Any(e => e is RunResumed)
            || waits is null && Of(decision.Before) is { } before && decision.Events.Any(e => e is ToolCallApproved or ToolCallDenied or ToolCallResolved
                || before is Pending.Child && (e is ToolCallCompleted or ToolCallFailed) || e is WaitEnded));
        return new(waits, heldBack, isRecalled);
    }

    /// <summary>What the run waits for; null when something of it is in flight or due, or it is not running.</summary>
    /// <remarks>A retry whose time has come looks the same until it is claimed; the row in the queue knows the time.</remarks>
    public static Pending? Of(Run run)
    {
        if (run.Status is not RunStatus.Running || !run.IsWaiting() || IsUnderWay(run)) return null;
        if (run.Wait is not null) return Pending.Wait;
        if (Work.OwedBy(run).Any()) return Pending.Retry;
        return run.ToolCalls.Values.Any(call => call is { Status: ToolCallStatus.Started, Child: not null }) ? Pending.Child : Pending.Approval;
    }

    static bool IsUnderWay(Run run) =>
        run.ModelCall is { } model && (model.Status is AttemptStatus.Started || model.Status is AttemptStatus.Scheduled && model.Delay <= LongestHeld)
        || run.ToolCalls.Values.Any(call =>
            call is { Status: ToolCallStatus.Started, Child: null } || call.Status is ToolCallStatus.Scheduled && call.Delay <= LongestHeld);
}
