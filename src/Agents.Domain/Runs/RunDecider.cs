using System.Diagnostics.CodeAnalysis;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>Every rule of a run, as pure functions: the run as it is, something asked or reported, the facts that follow.</summary>
/// <remarks>
/// No clock, no randomness, no I/O. An empty decision means the message came late or twice and changes nothing.
/// A finished run does no more work, but still records what its calls cost.
/// </remarks>
public static class RunDecider
{
    /// <summary>The name in facts for what the server does by itself, without a person.</summary>
    internal const string BySystem = "system";

    /// <summary>A fork asks in its own name for the tools of which the run it continues had no outcome yet.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, StartRun command)
    {
        var decision = Decision.On(run, agent);
        if (run.Status is not RunStatus.Queued) return decision;

        decision.Add(new RunStarted(command.Worker));
        foreach (var (id, call) in run.ToolCalls.Where(call => !call.Value.IsSettled()))
        {
            var step = StepOf(decision);
            Schedule(decision, id, step is ModelStep ? run.ModelCalls : null, step.GrantOf(call.Tool)!, call.Arguments ?? "{}");
        }

        return Continue(decision);
    }

    public static Decision Decide(Run run, AgentDefinition agent, ModelReport report) => report switch
    {
        RecordModelReply reply => Decide(run, agent, reply),
        RecordModelFailure failure => Decide(run, agent, failure),
        RecordModelCallLost lost => Decide(run, agent, lost),
        RefuseModelCall refused => Decide(run, agent, refused),
        _ => throw new InvalidOperationException(report.GetType().Name),
    };

    public static Decision Decide(Run run, AgentDefinition agent, ToolReport report) => report switch
    {
        RecordToolResult result => Decide(run, agent, result),
        RecordToolFailure failure => Decide(run, agent, failure),
        RecordChildWanted wanted => Decide(run, agent, wanted),
        _ => throw new InvalidOperationException(report.GetType().Name),
    };

    public static Decision Decide(Run run, AgentDefinition agent, RecordModelReply report)
    {
        var decision = Decision.On(run, agent);
        if (run.IsUnconfirmed(report.Call, report.Attempt)) return Resolve(decision, report);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(new ModelCallCompleted(
            report.Call, report.Attempt, report.Reply, report.Usage, report.RawUsage, report.Cost, report.Latency, report.TimeToFirstToken,
            report.Provider, report.ServiceTier));
        if (run.IsFinished()) return decision;

        if (run.Closing is not null) return ClosingRules.End(decision, report.Reply);
        if (report.Reply is { ToolRequests.Count: 0, OutputProblems: null } last)
            return Finish(decision, last.Output ?? last.Text, last.Citations, last.CutBy(), last.Output);

        foreach (var (request, index) in report.Reply.ToolRequests.Select((request, index) => (request, index)))
            Request(decision, report.Call, index, request);
        return Continue(decision);
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordModelFailure report)
    {
        var decision = Decision.On(run, agent);
        if (run.IsUnconfirmed(report.Call, report.Attempt)) return Resolve(decision, report);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(MayHaveBeenBilled(report) is { } cause
            ? new ModelCallOutcomeUnknown(
                report.Call, report.Attempt, cause, report.LowUsd, run.ModelCall!.ReservedUsd, report.Failure, report.Text)
            : new ModelCallFailed(report.Call, report.Attempt, report.Failure, report.Latency, report.Usage, report.Cost));
        return TryAgain(decision, report.Failure);
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordModelCallLost report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(new ModelCallOutcomeUnknown(report.Call, report.Attempt, report.Cause, LowUsd: 0, run.ModelCall!.ReservedUsd));
        return TryAgain(decision, new(FailureKind.WorkerLost, "The worker stopped before it reported."));
    }

    /// <summary>
    /// Nothing was claimed and nothing sent. The call is made as the run's last word, or, when its model has no price, with the next model. Else the
    /// run parks, and the same attempt is due again when it goes on.
    /// </summary>
    public static Decision Decide(Run run, AgentDefinition agent, RefuseModelCall report)
    {
        var decision = Decision.On(run, agent);
        if (run.Status is not RunStatus.Running || !run.IsScheduled(report.Call, report.Attempt)) return decision;

        if (report.CloseWith is { } model && ClosingRules.IsRight(decision, model))
            return ScheduleModelCall(ClosingRules.Begin(decision, ClosingRules.Budget), report.Call, report.Attempt + 1, TimeSpan.Zero, model);

        var unpriced = new Failure(FailureKind.Unpriced, report.Refusal.Reason());
        if (report.Refusal.WantedUsd is null && FallbackRules.Next(decision, unpriced.Kind) is { } next)
            return ScheduleModelCall(decision, report.Call, report.Attempt + 1, TimeSpan.Zero, next, unpriced);

        return decision.Add(new RunParked(new(FailureKind.BudgetRefused, report.Refusal.Reason()), report.Refusal));
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordToolResult report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsAwaited(report.ToolCallId, report.Attempt)) return decision;

        if (report.Retrieved is { } found)
            decision.Add(new PassagesRetrieved(report.ToolCallId, found.Query, found.Passages));
        decision.Add(new ToolCallCompleted(report.ToolCallId, report.Attempt, report.Result, report.Truncated, report.Latency, report.ChildUsd));
        if (!decision.Run.IsFinished() && ToolStepRules.IsTooLong(decision.Run)) return decision.Add(ToolStepRules.TooLong(StepOf(decision)));
        return GoOnIfThereIsRoom(Continue(decision));
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordToolFailure report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsAwaited(report.ToolCallId, report.Attempt)) return decision;

        var failure = run.MayHaveHadItsEffect(report) ? report.Failure with { Kind = FailureKind.OutcomeUnknown } : report.Failure;
        decision.Add(new ToolCallFailed(report.ToolCallId, report.Attempt, failure, report.Latency, report.ChildUsd));
        if (run.IsFinished()) return decision;

        var attempt = report.Attempt - run.ToolCalls[report.ToolCallId].AttemptsBefore;
        if (Retry.IsWorthwhile(failure, attempt, agent.Limits))
        {
            decision.Add(new ToolCallScheduled(report.ToolCallId, report.Attempt + 1, Retry.Delay(failure, attempt, run.Id)));
            return GoOnIfThereIsRoom(decision);
        }

        if (failure.Kind is FailureKind.OutcomeUnknown) return Park(decision, InDoubt(run, report.ToolCallId, failure));
        if (IsFruitless(decision, out var step)) return Park(decision, ToolStepRules.WhyParked(decision, step, failure));

        return GoOnIfThereIsRoom(Continue(decision)); // the model is told, and may find another way
    }

    /// <summary>Starts the run that the tool wants, with a share of what is left, or fails the tool call if it may not.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, RecordChildWanted report) => FamilyRules.Start(run, agent, report);

    public static Decision Decide(Run run, AgentDefinition agent, ApproveToolCall command)
    {
        var decision = Decision.On(run, agent);
        if (run.IsFinished() || !run.IsAwaitingApproval(command.ToolCallId)) return decision;

        decision.Add(new ToolCallApproved(command.ToolCallId, command.By, command.ByKey));
        return decision.Add(new ToolCallScheduled(command.ToolCallId, Attempt: 1, TimeSpan.Zero));
    }

    public static Decision Decide(Run run, AgentDefinition agent, DenyToolCall command)
    {
        var decision = Decision.On(run, agent);
        if (run.IsFinished() || !run.IsAwaitingApproval(command.ToolCallId)) return decision;

        return AfterDenial(
            decision.Add(new ToolCallDenied(command.ToolCallId, command.By, command.Reason, command.ByKey)), command.By, command.Reason);
    }

    public static Decision Decide(Run run, AgentDefinition agent, ExpireApprovals _)
    {
        const string Reason = "Nobody answered in time.";
        var decision = Decision.On(run, agent);
        if (run.Status is not RunStatus.Running) return decision;

        foreach (var id in run.ToolCalls.Keys.Where(id => run.IsAwaitingApproval(id))) decision.Add(new ToolCallDenied(id, BySystem, Reason));
        return decision.Events.Count > 0 ? AfterDenial(decision, BySystem, Reason) : decision;
    }

    /// <summary>The time of a wait has come. Nothing follows when that wait is over, or the run stands still.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, EndWait command) => WaitRules.End(run, agent, command);

    /// <summary>
    /// Ends the wait for it, if there is one, else keeps the signal. Nothing follows after the run's end, or when it is refused, or was sent before.
    /// </summary>
    public static Decision Decide(Run run, AgentDefinition agent, SendSignal command) => WaitRules.Receive(run, agent, command);

    /// <summary>Why a run that has not ended does not take a signal, in a sentence. Null when it does.</summary>
    public static string? RefusalOf(Run run, SendSignal command) => WaitRules.RefusalOf(run, command);

    public static Decision Decide(Run run, AgentDefinition agent, PauseRun command) =>
        run.Status is RunStatus.Running
            ? Decision.On(run, agent).Add(new RunPaused(command.By, command.Reason, command.ByKey))
            : Decision.On(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, ResumeRun command) =>
        run.Status is RunStatus.Paused or RunStatus.Parked
            ? Continue(Decision.On(run, agent).Add(new RunResumed(command.By, command.Reason, command.ByKey)))
            : Decision.On(run, agent);

    /// <summary>A run that is parked for want of a budget, its own or another, goes on by itself.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, GoOnWithinBudget _) =>
        run.AwaitsBudget is { } refusal && run.Status is RunStatus.Parked ? GoOn(Decision.On(run, agent), refusal) : Decision.On(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, ChangeRunBudget command)
    {
        var decision = Decision.On(run, agent);
        if (run.IsFinished() || (run.IsBudgetChanged && run.BudgetUsd == command.BudgetUsd)) return decision;

        return GoOnIfThereIsRoom(decision.Add(new RunBudgetChanged(command.BudgetUsd, command.By, command.Reason, command.ByKey)));
    }

    /// <summary>Holds what a fork may spend. Only for a run that has a budget of its own; nothing is held where there is too little.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, HoldForFork command) => FamilyRules.Hold(run, agent, command);

    /// <summary>What a fork has not spent of what was held for it is there for others again.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, RecordForkEnded report) =>
        FamilyRules.IsFork(run, report.Fork)
            ? GoOnIfThereIsRoom(Decision.On(run, agent).Add(new ForkEnded(report.Fork, report.SpentUsd)))
            : Decision.On(run, agent);

    /// <summary>US dollars that forks may still be given of a run's budget.</summary>
    public static decimal LeftForForks(Run run, AgentDefinition agent) => FamilyRules.LeftForForks(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, ResolveSpend command) =>
        run.IsUnconfirmed(command.Call, command.Attempt)
            ? GoOnIfThereIsRoom(
                Decision.On(run, agent).Add(
                    new SpendResolved(command.Call, command.Attempt, command.ActualUsd, command.Source, command.By, command.ByKey)))
            : Decision.On(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, CancelRun command) =>
        run.IsFinished()
            ? Decision.On(run, agent)
            : Decision.On(run, agent).Add(new RunCancelled(command.By, command.Reason, command.ByKey));

    public static Decision Decide(Run run, AgentDefinition agent, ExpireRun command) =>
        run.Status is RunStatus.Queued or RunStatus.Running
            ? Decision.On(run, agent).Add(new RunFailed(new(FailureKind.Deadline, command.Deadline is { } deadline
                ? FormattableString.Invariant($"The run's deadline, {deadline.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, has passed.")
                : "The run took longer than it may.")))
            : Decision.On(run, agent);

    /// <summary>The model is told; a tool step of which nothing is left has no outcome.</summary>
    static Decision AfterDenial(Decision decision, string by, string reason)
    {
        if (!IsFruitless(decision, out var step)) return Continue(decision);

        var end = ToolStepRules.AfterDenial(decision.Run, step, by, reason);
        return end is RunParked parked ? Park(decision, parked.Failure) : decision.Add(end);
    }

    /// <summary>Begins what comes next, unless something is still in flight or the run stands still.</summary>
    static Decision Continue(Decision decision)
    {
        while (decision.Run.Status is RunStatus.Running)
        {
            if (decision.Run.Wait is not null) return WaitRules.GoOn(decision);
            if (!decision.Run.IsInStep && !StepRules.Enter(decision)) return decision;
            if (StepOf(decision) is ToolStep { ForEach: { } list } each)
            {
                ToolStepRules.GoOn(decision, each, list); // a call that is under way does not hold back the next item
                if (decision.Run.IsInStep) return decision;
                continue; // the list is done, perhaps because it is empty
            }

            if (decision.Run.IsWaiting()) return decision;
            return StepOf(decision) switch
            {
                ModelStep step => CallModel(decision, step),
                ToolStep step => CallTools(decision, step),
                WaitStep step => WaitRules.Begin(decision, step),
                var step => throw new InvalidOperationException(step.GetType().Name),
            };
        }

        return decision;
    }

    static Decision CallModel(Decision decision, ModelStep step)
    {
        var (run, limits) = (decision.Run, decision.Agent.Limits);
        if (run.ModelCall is { Status: AttemptStatus.Failed } failed)
            return ScheduleModelCall(decision, failed.Call, failed.Number + 1, TimeSpan.Zero, run.Fallback);
        if (run.ModelCallsInStep >= limits.ModelCallsPerStep && ClosingRules.MayClose(decision))
            return ScheduleModelCall(ClosingRules.Begin(decision, ClosingRules.Calls), run.ModelCalls + 1, attempt: 1, TimeSpan.Zero, model: 0);
        if (run.ModelCallsInStep >= limits.ModelCallsPerStep && run.Closing is null) return decision.Add(new RunFailed(OutOfCalls(run, step)));

        return ScheduleModelCall(decision, run.ModelCalls + 1, attempt: 1, TimeSpan.Zero, run.Fallback);
    }

    static Failure OutOfCalls(Run run, ModelStep step) => run.OutputProblems is { } problems
        ? new(
            FailureKind.OutputUnfit,
            $"No reply of step {step.Name} fitted its schema within its {run.ModelCallsInStep} model calls. The last: {string.Join(' ', problems)}")
        : new(FailureKind.CallLimit, $"Step {step.Name} used its {run.ModelCallsInStep} model calls.");

    /// <param name="model">Position among the models of the step.</param>
    /// <param name="because">Why the model before was left. Null when it was not.</param>
    static Decision ScheduleModelCall(Decision decision, int call, int attempt, TimeSpan delay, int model, Failure? because = null)
    {
        var run = decision.Run;
        if (run.CommittedUsd() >= run.MostUsd(decision.Agent.Limits))
            return Park(decision, new(FailureKind.CostLimit, "What the run may spend is spent."));

        return decision.Add(new ModelCallScheduled(call, attempt, run.Step, FallbackRules.ModelsOf(decision)[model], delay, model, because));
    }

    /// <summary>Requests the calls of a tool step, or, when all have settled, ends it; what failed is tried again on resuming.</summary>
    static Decision CallTools(Decision decision, ToolStep step)
    {
        if (decision.Run.ToolCalls.Count == 0) return ToolStepRules.Request(decision, step);
        return IsFruitless(decision, out _) ? ToolStepRules.TryFailedAgain(decision) : Continue(ToolStepRules.Complete(decision, step));
    }

    /// <param name="incomplete">What cut the output. Null when it is whole.</param>
    /// <param name="json">The output, where it fits a schema. Null when it is text.</param>
    internal static Decision Finish(
        Decision decision, string output, IReadOnlyList<Citation> citations, string? incomplete, string? json = null) =>
        Continue(Complete(decision, output, citations, incomplete, json));

    /// <summary>Ends the step, and the run when no step may follow.</summary>
    /// <param name="incomplete">What cut the output. Null when it is whole.</param>
    /// <param name="json">The output, where it fits a schema. Null when it is text.</param>
    internal static Decision Complete(
        Decision decision, string output, IReadOnlyList<Citation> citations, string? incomplete, string? json = null)
    {
        var step = decision.Run.Step;
        decision.Add(new StepCompleted(step, output, decision.Agent.IsReadLater(step)));
        return decision.Agent.After(step) is null ? decision.Add(new RunCompleted(output, citations, incomplete, json)) : decision;
    }

    static Decision TryAgain(Decision decision, Failure failure)
    {
        var call = decision.Run.ModelCall!;
        if (decision.Run.Status is not RunStatus.Running) return decision; // resuming tries it again
        var tries = call.Number - call.AttemptsBefore;
        if (Retry.IsWorthwhile(failure, tries, FallbackRules.LimitsOf(decision, failure.Kind)))
            return ScheduleModelCall(
                decision, call.Call, call.Number + 1, Retry.Delay(failure, tries, decision.Run.Id), decision.Run.Fallback);

        return FallbackRules.Next(decision, failure.Kind) is { } next
            ? ScheduleModelCall(decision, call.Call, call.Number + 1, TimeSpan.Zero, next, because: failure)
            : Park(decision, FallbackRules.Named(decision, failure));
    }

    /// <summary>The reply of an attempt that had been given up: it is paid for, and what it says is not used.</summary>
    static Decision Resolve(Decision decision, RecordModelReply report) => report.Cost is null
        ? decision
        : GoOnIfThereIsRoom(decision.Add(new SpendResolved(report.Call, report.Attempt, report.Cost.Usd, SpendSource.LateReply)));

    /// <summary>What the provider surely did not do cost nothing, or what it says itself; other late failures leave it unknown.</summary>
    static Decision Resolve(Decision decision, RecordModelFailure report) =>
        MayHaveBeenBilled(report) is null
            && report.Failure.Kind is FailureKind.RateLimited or FailureKind.Rejected or FailureKind.Unauthorized or FailureKind.EmptyReply
            ? GoOnIfThereIsRoom(decision.Add(new SpendResolved(report.Call, report.Attempt, report.Cost?.Usd ?? 0, SpendSource.LateReply)))
            : decision;

    /// <summary>A run that is parked for its own budget goes on when that has room again. Asked after every fact that can make room.</summary>
    internal static Decision GoOnIfThereIsRoom(Decision decision) =>
        decision.Run is { Status: RunStatus.Parked, AwaitsBudget: { Budget.Scope: BudgetScope.Run } refusal } && IsRoomFor(decision, refusal)
            ? GoOn(decision, refusal)
            : decision;

    static Decision GoOn(Decision decision, BudgetRefusal refusal) =>
        Continue(decision.Add(new RunResumed(BySystem, $"There is room in {refusal.Budget}.")));

    static bool IsRoomFor(Decision decision, BudgetRefusal refusal)
    {
        var (spent, most) = (decision.Run.CommittedUsd(), decision.Run.MostUsd(decision.Agent.Limits));
        return spent < most && spent + (refusal.LeastUsd ?? 0) <= most;
    }

    /// <summary>Stops a run that runs. One that failed for want of money waits for its own budget.</summary>
    static Decision Park(Decision decision, Failure failure)
    {
        var run = decision.Run;
        if (run.Status is not RunStatus.Running) return decision;

        var most = run.MostUsd(decision.Agent.Limits);
        var isSpent = failure.Kind is FailureKind.CostLimit && run.CommittedUsd() >= most;
        return decision.Add(new RunParked(failure, isSpent ? run.Refusal(most, wantedUsd: 0, leastUsd: 0) : null));
    }

    /// <summary>What a person reads who is to find out whether the call had its effect.</summary>
    static Failure InDoubt(Run run, string toolCallId, Failure failure) => failure with
    {
        Message = $"It is not known whether {run.ToolCalls[toolCallId].Tool} ({toolCallId}) had its effect, "
            + $"and resuming will not make the call again: {failure.Message}",
    };

    static void Request(Decision decision, int call, int index, ToolRequest request)
    {
        var (step, id) = ((ModelStep)StepOf(decision), ToolCallIds.OfModelCall(call, index + 1));
        var limits = decision.Agent.Limits;

        if (step.GrantOf(request.Tool) is not { } grant)
            Refuse(decision, id, call, request, new(FailureKind.UnknownTool, $"Step {step.Name} has no tool {request.Tool}."));
        else if (index >= limits.ToolCallsPerTurn)
            Refuse(decision, id, call, request, new(FailureKind.CallLimit, $"Only {limits.ToolCallsPerTurn} tools may be called in one turn."));
        else
            Schedule(decision, id, call, grant, request.Arguments);
    }

    static void Refuse(Decision decision, string id, int call, ToolRequest request, Failure failure) => decision
        .Add(new ToolCallRequested(id, call, request.Tool, request.Arguments, NeedsApproval: false))
        .Add(new ToolCallFailed(id, Attempt: 0, failure, TimeSpan.Zero));

    internal static void Schedule(Decision decision, string id, int? call, ToolGrant grant, string arguments)
    {
        var within = grant.NeedsApproval ? decision.Agent.Limits.ApprovalWithin : null;
        decision.Add(new ToolCallRequested(id, call, grant.Tool, arguments, grant.NeedsApproval, within));
    }

    /// <summary>
    /// Timeouts, cut streams and all of which a part came may have been billed; a refusal was not. An empty reply was, and its cost is known or not.
    /// </summary>
    static UnknownCause? MayHaveBeenBilled(RecordModelFailure report) => report.Failure.Kind switch
    {
        FailureKind.Timeout => UnknownCause.TimedOut,
        FailureKind.StreamCut => UnknownCause.StreamCut,
        FailureKind.WorkerLost or FailureKind.OutcomeUnknown => UnknownCause.WorkerLost,
        FailureKind.EmptyReply => report.Cost is null ? UnknownCause.StreamCut : null,
        _ => report.HasBegun ? UnknownCause.StreamCut : null,
    };

    /// <summary>A tool step that has come to nothing. A model step goes on: the model is told, and may find another way.</summary>
    static bool IsFruitless(Decision decision, [NotNullWhen(true)] out ToolStep? step)
    {
        step = StepOf(decision) as ToolStep;
        return step is not null && ToolStepRules.IsFruitless(decision, step);
    }

    static StepDefinition StepOf(Decision decision) => decision.Agent.Steps[decision.Run.Step];
}
