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

        if (report.Reply.ToolRequests.Count == 0) return Finish(decision, report.Reply.Text, report.Reply.Citations, report.Reply.CutBy());

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

    /// <summary>Parks the run; nothing was claimed and nothing sent, so the same attempt is due again when it goes on.</summary>
    public static Decision Decide(Run run, AgentDefinition agent, RefuseModelCall report) =>
        run.Status is RunStatus.Running && run.IsScheduled(report.Call, report.Attempt)
            ? Decision.On(run, agent).Add(new RunParked(new(FailureKind.BudgetRefused, report.Refusal.Reason()), report.Refusal))
            : Decision.On(run, agent);

    public static Decision Decide(Run run, AgentDefinition agent, RecordToolResult report)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsAwaited(report.ToolCallId, report.Attempt)) return decision;

        if (report.Retrieved is { } found)
            decision.Add(new PassagesRetrieved(report.ToolCallId, found.Query, found.Passages));
        decision.Add(new ToolCallCompleted(report.ToolCallId, report.Attempt, report.Result, report.Truncated, report.Latency, report.ChildUsd));
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
        if (IsFruitless(decision)) return Park(decision, failure);

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
        if (!IsFruitless(decision)) return Continue(decision);

        var step = StepOf(decision).Name;
        return decision.Run.ToolCalls.Values.FirstOrDefault(call => call.Status is ToolCallStatus.Failed) is { Failure: { } kind }
            ? Park(decision, new(kind, $"Every call of step {step} failed or was denied."))
            : decision.Add(new RunFailed(new(FailureKind.Rejected, $"Every call of step {step} was denied, the last by {by}: {reason}")));
    }

    /// <summary>Begins what comes next, unless something is still in flight or the run stands still.</summary>
    static Decision Continue(Decision decision)
    {
        var run = decision.Run;
        if (run.Status is not RunStatus.Running || run.IsWaiting()) return decision;

        if (!run.IsInStep) decision.Add(new StepStarted(run.Step + 1, decision.Agent.Steps[run.Step + 1].Name));
        return StepOf(decision) switch
        {
            ModelStep step => CallModel(decision, step),
            ToolStep step => CallTools(decision, step),
            var step => throw new InvalidOperationException(step.GetType().Name),
        };
    }

    static Decision CallModel(Decision decision, ModelStep step)
    {
        var (run, limits) = (decision.Run, decision.Agent.Limits);
        if (run.ModelCall is { Status: AttemptStatus.Failed } failed)
            return ScheduleModelCall(decision, failed.Call, failed.Number + 1, TimeSpan.Zero);
        if (run.ModelCallsInStep >= limits.ModelCallsPerStep)
            return decision.Add(new RunFailed(new(FailureKind.CallLimit, $"Step {step.Name} used its {run.ModelCallsInStep} model calls.")));

        return ScheduleModelCall(decision, run.ModelCalls + 1, attempt: 1, TimeSpan.Zero);
    }

    static Decision ScheduleModelCall(Decision decision, int call, int attempt, TimeSpan delay)
    {
        var (run, step) = (decision.Run, (ModelStep)StepOf(decision));
        if (run.CommittedUsd() >= run.MostUsd(decision.Agent.Limits))
            return Park(decision, new(FailureKind.CostLimit, "What the run may spend is spent."));

        return decision.Add(new ModelCallScheduled(call, attempt, run.Step, step.Model ?? run.Model, delay));
    }

    /// <summary>Requests the calls of a tool step, or, when all have settled, ends it; what failed is tried again on resuming.</summary>
    static Decision CallTools(Decision decision, ToolStep step)
    {
        var run = decision.Run;
        if (run.ToolCalls.Count == 0)
        {
            var bound = ArgumentBinding.Bind(step, run.Question, name => OutputOf(decision, name), run.LabelOf);
            foreach (var (arguments, index) in bound.Take(decision.Agent.Limits.ToolCallsPerTurn).Select((arguments, index) => (arguments, index)))
                Schedule(decision, ToolCallIds.OfStep(run.Step, index + 1), call: null, step.Tool, arguments);
            return decision;
        }

        if (!IsFruitless(decision)) return Finish(decision, output: "", citations: [], incomplete: null);

        foreach (var (id, call) in run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.Failed))
            decision.Add(new ToolCallScheduled(id, call.Attempt + 1, TimeSpan.Zero));
        return decision;
    }

    /// <param name="incomplete">What cut the output. Null when it is whole.</param>
    static Decision Finish(Decision decision, string output, IReadOnlyList<Citation> citations, string? incomplete)
    {
        var step = decision.Run.Step;
        decision.Add(new StepCompleted(step, output, decision.Agent.IsReadLater(step)));
        return step + 1 < decision.Agent.Steps.Count
            ? Continue(decision)
            : decision.Add(new RunCompleted(output, citations, incomplete));
    }

    static Decision TryAgain(Decision decision, Failure failure)
    {
        var call = decision.Run.ModelCall!;
        if (decision.Run.Status is not RunStatus.Running) return decision; // resuming tries it again
        if (!Retry.IsWorthwhile(failure, call.Number - call.AttemptsBefore, decision.Agent.Limits)) return Park(decision, failure);

        return ScheduleModelCall(decision, call.Call, call.Number + 1, Retry.Delay(failure, call.Number - call.AttemptsBefore, decision.Run.Id));
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

    static void Schedule(Decision decision, string id, int? call, ToolGrant grant, string arguments)
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
    static bool IsFruitless(Decision decision) => StepOf(decision) is ToolStep && decision.Run.HasNothingOfItsToolCalls();

    static string OutputOf(Decision decision, string step) =>
        decision.Run.Outputs.GetValueOrDefault(decision.Agent.Steps.Select(s => s.Name).ToList().IndexOf(step), "");

    static StepDefinition StepOf(Decision decision) => decision.Agent.Steps[decision.Run.Step];
}
