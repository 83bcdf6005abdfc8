namespace Agents.Crash.Tests.Simulation;

/// <summary>A protection of the protocol left out. A simulator that does not miss it proves nothing about the protocol.</summary>
public enum Mutant
{
    /// <summary>The protocol as it is.</summary>
    None,

    /// <summary>Facts are appended wherever the log ends, not where the decision was made.</summary>
    AppendWithoutExpectedVersion,

    /// <summary>The request is sent first; that it was begun is stored with its outcome.</summary>
    CallBeforeIntent,

    /// <summary>A second worker takes an attempt that a living one has started.</summary>
    ClaimIgnoresStarted,

    /// <summary>No duty looks after the runs of dead nodes and lost messages.</summary>
    NoWatchdog,

    /// <summary>The watchdog looks after running runs only, not after what an ended or standing run has left open.</summary>
    EndedRunsNotWatched,

    /// <summary>A tool that must not run twice is tried again when its worker was lost.</summary>
    UnsafeToolRunAgain,

    /// <summary>The reply of an attempt that had been given up is thrown away.</summary>
    LateReplyDropped,

    /// <summary>A lost attempt is tried again without a word about what it may have cost.</summary>
    LostCallNotRecorded,

    /// <summary>A stream that broke off counts as a refusal, which costs nothing.</summary>
    CutStreamTakenForRefusal,

    /// <summary>A process does not know which attempts it is performing.</summary>
    NoInFlight,

    /// <summary>A message whose transaction failed is dropped, and no duty sends it again: one that does saves the run.</summary>
    FailedCommitNotRetried,

    /// <summary>Requests that were let through are not counted.</summary>
    RateNotCounted,

    /// <summary>A budget takes every reservation, whether it has room or not.</summary>
    BudgetWithoutCondition,

    /// <summary>A parent is not told that its child has ended, neither at once nor later.</summary>
    ParentNeverTold,

    /// <summary>A child is not told that its parent has ended, neither at once nor later.</summary>
    ChildNeverEnded,

    /// <summary>A fork that has ended does not give back what is left of its budget.</summary>
    ForkNotSettled,

    /// <summary>A node that is drained hands its runs over and takes messages all the same.</summary>
    DrainedNodeGoesOn,

    /// <summary>The runs of a node that is gone are not set free.</summary>
    OrphansNotSetFree,

    /// <summary>Approvals are waited for as long as it takes.</summary>
    ApprovalsNeverExpire,

    /// <summary>It is not stored that a step was taken again: a node that reads the run takes the visit for the first.</summary>
    VisitNotStored,

    /// <summary>The next item of a list is stored with the arguments of one that is under way.</summary>
    ItemAskedForTwice,

    /// <summary>A signal for which no wait is under way is accepted and not kept.</summary>
    EarlySignalLost,

    /// <summary>The duty that ends a wait whose time has come ends the one that is under way by then.</summary>
    LaterWaitEnded,

    /// <summary>No wait ends by its time.</summary>
    WaitsNeverEnd,

    /// <summary>A model that takes over is reserved and paid at the price of the one before.</summary>
    TakeoverAtTheFirstPrice,

    /// <summary>The worker does not see that a run closes: it sends the last word as any other call, with tools.</summary>
    ClosingNotSeen,

    /// <summary>A reply that does not fit its step's schema counts as the step's output.</summary>
    UnfitOutputTaken,
}
