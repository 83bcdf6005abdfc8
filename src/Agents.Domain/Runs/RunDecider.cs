using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>Every decision of a run, as pure functions: the run as it is, something asked or reported, the facts that follow.</summary>
/// <remarks>
/// No clock, no randomness, no I/O. An empty decision means the message came late or twice and changes nothing.
/// A finished run does no more work, but still records what its calls cost.
/// Here stands one method for each message, and what comes next. The rules that they share stand in files of their own: <see cref="StepRules"/>,
/// <see cref="ModelCallRules"/>, <see cref="FallbackRules"/>, <see cref="ClosingRules"/>, <see cref="ToolRequestRules"/>, <see cref="ToolStepRules"/>,
/// <see cref="ListRules"/>, <see cref="DoubtRules"/>, <see cref="WaitRules"/>, <see cref="ParkingRules"/> and <see cref="FamilyRules"/>.
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
            var step = decision.Step();
            ToolRequestRules.Schedule(decision, id, step is ModelStep ? run.ModelCalls : null, step.GrantOf(call.Tool)!, call.Arguments ?? "{}");
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
        if (run.IsUnconfirmed(report.Call, report.Attempt)) return ModelCallRules.Resolve(decision, report);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(new ModelCallCompleted(
            report.Call, report.Attempt, report.Reply, report.Usage, report.RawUsage, report.Cost, report.Latency, report.TimeToFirstToken,
            report.Provider, report.ServiceTier));
        if (run.IsFinished()) return decision;

        if (run.Closing is not null) return ClosingRules.End(decision, report.Reply);
        if (report.Reply is { ToolRequests.Count: 0, OutputProblems: null } last)
            return Finish(decision, last.Output ?? last.Text, last.Citations, last.CutBy(), last.Output);

        foreach (var (request, index) in report.Reply.ToolRequests.Select((request, index) => (request, index)))
            ToolRequestRules.Request(decision, report.Call, index, request);
        return Continue(decision);
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordModelFailure report)
    {
        var decision = Decision.On(run, agent);
        if (run.IsUnconfirmed(report.Call, report.Attempt)) return ModelCallRules.Resolve(decision, report);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(ModelCallRules.MayHaveBeenBilled(report) is { } cause
            ? new ModelCallOutcomeUnknown(
                report.Call, report.Attempt, cause, report.LowUsd, run.ModelCall!.ReservedUsd, report.Failure, report.Text)
            : new ModelCallFailed(report.Call, report.Attempt, report.Failure, report.Latency, report.Usage, report.Cost));
        return ModelCallRules.TryAgain(decision, report.Failure);
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordModelCallLost report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsStarted(report.Call, report.Attempt)) return decision;

        decision.Add(new ModelCallOutcomeUnknown(report.Call, report.Attempt, report.Cause, LowUsd: 0, run.ModelCall!.ReservedUsd));
        return ModelCallRules.TryAgain(decision, new(FailureKind.WorkerLost, "The worker stopped before it reported."));
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
            return ModelCallRules.Schedule(ClosingRules.Begin(decision, ClosingRules.Budget), report.Call, report.Attempt + 1, TimeSpan.Zero, model);

        var unpriced = new Failure(FailureKind.Unpriced, report.Refusal.Reason());
        if (report.Refusal.WantedUsd is null && FallbackRules.Next(decision, unpriced.Kind) is { } next)
            return ModelCallRules.Schedule(decision, report.Call, report.Attempt + 1, TimeSpan.Zero, next, unpriced);

        return decision.Add(new RunParked(new(FailureKind.BudgetRefused, report.Refusal.Reason()), report.Refusal));
    }

    public static Decision Decide(Run run, AgentDefinition agent, RecordToolResult report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsAwaited(report.ToolCallId, report.Attempt)) return decision;

        if (report.Retrieved is { } found)
            decision.Add(new PassagesRetrieved(report.ToolCallId, found.Query, found.Passages));
        decision.Add(new ToolCallCompleted(report.ToolCallId, report.Attempt, report.Result, report.Truncated, report.Latency, report.ChildUsd));
        if (!decision.Run.IsFinished() && ToolStepRules.IsTooLong(decision.Run)) return decision.Add(ToolStepRules.TooLong(decision.Step()));
        return ParkingRules.GoOnIfThereIsRoom(Continue(decision));
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
            return ParkingRules.GoOnIfThereIsRoom(decision);
        }

        if (failure.Kind is FailureKind.OutcomeUnknown) return ParkingRules.Park(decision, ToolRequestRules.InDoubt(run, report.ToolCallId, failure));
        if (ToolStepRules.IsFruitless(decision, out var step)) return ParkingRules.Park(decision, ToolStepRules.WhyParked(step, failure));

        return ParkingRules.GoOnIfThereIsRoom(Continue(decision)); // the model is told, and may find another way
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

        decision.Add(new ToolCallDenied(command.ToolCallId, command.By, command.Reason, command.ByKey));
        return ToolStepRules.AfterDenial(decision, command.By, command.Reason);
    }

    /// <summary>
    /// A person says what became of a call that may have had its effect. Nothing follows when that is not in doubt, or the run has ended or gone on.
    /// </summary>
    public static Decision Decide(Run run, AgentDefinition agent, ResolveToolCall command) => DoubtRules.Resolve(run, agent, command);

    public static Decision Decide(Run run, AgentDefinition agent, ExpireApprovals _)
    {
        const string Reason = "Nobody answered in time.";
        var decision = Decision.On(run, agent);
        if (run.Status is not RunStatus.Running) return decision;

        foreach (var id in run.ToolCalls.Keys.Where(id => run.IsAwaitingApproval(id))) decision.Add(new ToolCallDenied(id, BySystem, Reason));
        return decision.Events.Count > 0 ? ToolStepRules.AfterDenial(decision, BySystem, Reason) : decision;
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
        run.AwaitsBudget is { } refusal && run.Status is RunStatus.Parked
            ? ParkingRules.GoOn(Decision.On(run, agent), refusal)
            : Decision.On(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, ChangeRunBudget command)
    {
        var decision = Decision.On(run, agent);
        if (run.IsFinished() || (run.IsBudgetChanged && run.BudgetUsd == command.BudgetUsd)) return decision;

        return ParkingRules.GoOnIfThereIsRoom(decision.Add(new RunBudgetChanged(command.BudgetUsd, command.By, command.Reason, command.ByKey)));
    }

    /// <summary>Holds what a fork may spend. Only for a run that has a budget of its own; nothing is held where there is too little.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, HoldForFork command) => FamilyRules.Hold(run, agent, command);

    /// <summary>What a fork has not spent of what was held for it is there for others again.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, RecordForkEnded report) =>
        FamilyRules.IsFork(run, report.Fork)
            ? ParkingRules.GoOnIfThereIsRoom(Decision.On(run, agent).Add(new ForkEnded(report.Fork, report.SpentUsd)))
            : Decision.On(run, agent);

    /// <summary>US dollars that forks may still be given of a run's budget.</summary>
    public static decimal LeftForForks(Run run, AgentDefinition agent) => FamilyRules.LeftForForks(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, ResolveSpend command) =>
        run.IsUnconfirmed(command.Call, command.Attempt)
            ? ParkingRules.GoOnIfThereIsRoom(
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

    /// <summary>
    /// Whether nothing follows by itself: the run has ended or stands still, or waits for calls under way, a time, a signal or a person.
    /// </summary>
    public static bool IsAtRest(Run run, AgentDefinition agent) => Continue(Decision.On(run, agent)).Events.Count == 0;

    /// <summary>Begins what comes next, unless something is still in flight or the run stands still.</summary>
    internal static Decision Continue(Decision decision)
    {
        while (decision.Run.Status is RunStatus.Running)
        {
            if (decision.Run.Wait is not null) return WaitRules.GoOn(decision);
            if (!decision.Run.IsInStep && !StepRules.Enter(decision)) return decision;
            if (decision.Step() is ToolStep { ForEach: { } list } each)
            {
                ListRules.GoOn(decision, each, list); // a call that is under way does not hold back the next item
                if (decision.Run.IsInStep) return decision;
                continue; // the list is done, perhaps because it is empty
            }

            if (decision.Run.IsWaiting()) return decision;
            return decision.Step() switch
            {
                ModelStep step => ModelCallRules.CallModel(decision, step),
                ToolStep step => ToolStepRules.GoOn(decision, step),
                WaitStep step => WaitRules.Begin(decision, step),
                var step => throw new InvalidOperationException(step.GetType().Name),
            };
        }

        return decision;
    }

    /// <param name="incomplete">What cut the output. Null when it is whole.</param>
    /// <param name="json">The output, where it fits a schema. Null when it is text.</param>
    internal static Decision Finish(
        Decision decision, string output, IReadOnlyList<Citation> citations, string? incomplete, string? json = null) =>
        Continue(StepRules.Complete(decision, output, citations, incomplete, json));
}
