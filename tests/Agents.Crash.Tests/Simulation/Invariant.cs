namespace Agents.Crash.Tests.Simulation;

/// <summary>What holds in every simulated run, whatever happens to it.</summary>
public enum Invariant
{
    /// <summary>Versions count from 1 without gap or repetition.</summary>
    EveryVersionOnce,

    /// <summary>No fact is stored that was decided on an older history than the one it follows.</summary>
    StaleWritesAreRefused,

    /// <summary>Steps begin and end one after the other, as their definition leads; a completed run has come to its end.</summary>
    EachStepOnceAndInOrder,

    /// <summary>No step is taken more often than its definition allows.</summary>
    StepsAreTakenWithinTheirVisits,

    /// <summary>Each item of a list is worked on by one call.</summary>
    EachItemIsAskedForOnce,

    /// <summary>No attempt of a model call is sent to the provider twice.</summary>
    NoAttemptSentTwice,

    /// <summary>What is sent to the provider, or to a tool that must not run twice, was stored as begun before.</summary>
    NothingSentBeforeItsIntent,

    /// <summary>What was begun has one outcome: at most one at any time, exactly one when all is quiet.</summary>
    EachIntentHasOneOutcome,

    /// <summary>The bill lies between what is confirmed and that plus the upper bound of what is not, for each call and in the sum.</summary>
    BilledWithinBounds,

    /// <summary>A reply with a price that reached a worker which lived on is confirmed spend.</summary>
    RepliesThatCameAreOnTheBill,

    /// <summary>A tool that must not run twice has its effect at most once for each key.</summary>
    UnsafeEffectAtMostOnce,

    /// <summary>A worker does not give up as lost what it is doing itself.</summary>
    NoWorkerGivesUpItsOwnWork,

    /// <summary>After its end a run records late outcomes, and nothing else.</summary>
    OnlyBillsAfterTheEnd,

    /// <summary>When trouble ends, a run comes to its end, or to where a person can bring it there.</summary>
    NoRunIsLost,

    /// <summary>The model is told the answer to each of its tool requests once.</summary>
    EveryToolRequestAnsweredOnce,

    /// <summary>A checkpoint read back, and the rest of the history, make the same run as the whole history.</summary>
    CheckpointAndRestMakeTheWhole,

    /// <summary>No budget of a tenant, and no run with those it began, is billed more than its limit; nothing stays reserved.</summary>
    BudgetsAreKept,

    /// <summary>Each request was let through, and no more of them in a minute than may be.</summary>
    RatesAreKept,

    /// <summary>When a run has ended, the runs that it started have ended too.</summary>
    ChildrenEndWithTheirParent,

    /// <summary>What was held for a fork that has ended is held no more.</summary>
    ForksGiveBackWhatIsLeft,

    /// <summary>A node that is drained or stops begins nothing, and in the end holds no run.</summary>
    DrainedNodesBeginNothing,

    /// <summary>A call that waits for approval longer than it may is denied.</summary>
    ApprovalsComeInTime,

    /// <summary>A wait begins after the one before it has ended, ends once, and not before its time or without its signal.</summary>
    EachWaitEndsOnce,

    /// <summary>A signal that was accepted is stored, once.</summary>
    AcceptedSignalsAreStored,

    /// <summary>A signal ends one wait at most: the first for its name, the oldest signal first.</summary>
    EachSignalUsedOnce,

    /// <summary>A run that runs does not wait for a signal that it has.</summary>
    NoWaitBesideItsSignal,

    /// <summary>An attempt is scheduled for one model, and that one is asked.</summary>
    OneModelForEachAttempt,

    /// <summary>A run that closes makes one call more, without tools, and asks for none.</summary>
    LastWordIsOne,

    /// <summary>The output of a step that has a schema fits it, and so does the run's answer.</summary>
    OutputsFitTheirSchema,

    /// <summary>Every message can be decided and every history folded.</summary>
    NothingThrows,
}

/// <summary>An invariant that did not hold.</summary>
sealed class ViolationException(Invariant invariant, string detail) : Exception($"{invariant}: {detail}")
{
    public Invariant Invariant => invariant;
}
