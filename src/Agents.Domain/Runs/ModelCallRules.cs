using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of model calls: which attempt is asked for next, and what an attempt that failed, or came late, may have cost.</summary>
static class ModelCallRules
{
    /// <summary>
    /// Schedules the next call of a model step, or again one that failed. When the step has used its calls, the run closes or fails.
    /// </summary>
    public static Decision CallModel(Decision decision, ModelStep step)
    {
        var (run, limits) = (decision.Run, decision.Agent.Limits);
        if (run.ModelCall is { Status: AttemptStatus.Failed } failed)
            return Schedule(decision, failed.Call, failed.Number + 1, TimeSpan.Zero, run.Fallback);
        if (run.ModelCallsInStep >= limits.ModelCallsPerStep && ClosingRules.MayClose(decision))
            return Schedule(ClosingRules.Begin(decision, ClosingRules.Calls), run.ModelCalls + 1, attempt: 1, TimeSpan.Zero, model: 0);
        if (run.ModelCallsInStep >= limits.ModelCallsPerStep && run.Closing is null) return decision.Add(new RunFailed(OutOfCalls(run, step)));

        return Schedule(decision, run.ModelCalls + 1, attempt: 1, TimeSpan.Zero, run.Fallback);
    }

    /// <summary>Asks for an attempt of a call, or parks the run when what it may spend is spent.</summary>
    /// <param name="model">Position among the models of the step.</param>
    /// <param name="because">Why the model before was left. Null when it was not.</param>
    public static Decision Schedule(Decision decision, int call, int attempt, TimeSpan delay, int model, Failure? because = null)
    {
        var run = decision.Run;
        if (run.CommittedUsd() >= run.MostUsd(decision.Agent.Limits))
            return ParkingRules.Park(decision, new(FailureKind.CostLimit, "What the run may spend is spent."));

        return decision.Add(new ModelCallScheduled(call, attempt, run.Step, FallbackRules.ModelsOf(decision)[model], delay, model, because));
    }

    /// <summary>After a failed attempt: the same model again, the next one, or the run parks.</summary>
    public static Decision TryAgain(Decision decision, Failure failure)
    {
        var call = decision.Run.ModelCall!;
        if (decision.Run.Status is not RunStatus.Running) return decision; // resuming tries it again
        var tries = call.Number - call.AttemptsBefore;
        if (Retry.IsWorthwhile(failure, tries, FallbackRules.LimitsOf(decision, failure.Kind)))
            return Schedule(
                decision, call.Call, call.Number + 1, Retry.Delay(failure, tries, decision.Run.Id), decision.Run.Fallback);

        return FallbackRules.Next(decision, failure.Kind) is { } next
            ? Schedule(decision, call.Call, call.Number + 1, TimeSpan.Zero, next, because: failure)
            : ParkingRules.Park(decision, FallbackRules.Named(decision, failure));
    }

    /// <summary>The reply of an attempt that had been given up: it is paid for, and what it says is not used.</summary>
    public static Decision Resolve(Decision decision, RecordModelReply report) => report.Cost is null
        ? decision
        : ParkingRules.GoOnIfThereIsRoom(decision.Add(new SpendResolved(report.Call, report.Attempt, report.Cost.Usd, SpendSource.LateReply)));

    /// <summary>What the provider surely did not do cost nothing, or what it says itself; other late failures leave it unknown.</summary>
    public static Decision Resolve(Decision decision, RecordModelFailure report) =>
        MayHaveBeenBilled(report) is null
            && report.Failure.Kind is FailureKind.RateLimited or FailureKind.Rejected or FailureKind.Unauthorized or FailureKind.EmptyReply
            ? ParkingRules.GoOnIfThereIsRoom(
                decision.Add(new SpendResolved(report.Call, report.Attempt, report.Cost?.Usd ?? 0, SpendSource.LateReply)))
            : decision;

    /// <summary>
    /// Timeouts, cut streams and all of which a part came may have been billed; a refusal was not. An empty reply was, and its cost is known or not.
    /// </summary>
    public static UnknownCause? MayHaveBeenBilled(RecordModelFailure report) => report.Failure.Kind switch
    {
        FailureKind.Timeout => UnknownCause.TimedOut,
        FailureKind.StreamCut => UnknownCause.StreamCut,
        FailureKind.WorkerLost or FailureKind.OutcomeUnknown => UnknownCause.WorkerLost,
        FailureKind.EmptyReply => report.Cost is null ? UnknownCause.StreamCut : null,
        _ => report.HasBegun ? UnknownCause.StreamCut : null,
    };

    static Failure OutOfCalls(Run run, ModelStep step) => run.OutputProblems is { } problems
        ? new(
            FailureKind.OutputUnfit,
            $"No reply of step {step.Name} fitted its schema within its {run.ModelCallsInStep} model calls. The last: {string.Join(' ', problems)}")
        : new(FailureKind.CallLimit, $"Step {step.Name} used its {run.ModelCallsInStep} model calls.");
}
