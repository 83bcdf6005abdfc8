using System.Collections.Immutable;
using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

/// <summary>Folds facts into the run, a line for each. Knows nothing of rules: whatever happened, happened.</summary>
static class RunFold
{
    public static Run After(Run run, RunEvent happened) => happened switch
    {
        RunQueued e => run with
        {
            Agent = e.Agent, AgentVersion = e.AgentVersion, DefinitionHash = e.DefinitionHash,
            Model = e.Model, Question = e.Question, Metadata = e.Metadata, BudgetUsd = e.BudgetUsd, TraceParent = e.TraceParent, ChildOf = e.ChildOf,
            ForkedFrom = e.ForkedFrom, RecordedTools = e.RecordedTools,
        },
        StateInherited e => run with
        {
            Step = e.Step, IsInStep = e.IsInStep, Outputs = run.Outputs.AddRange(e.Outputs), ModelCalls = e.ModelCalls, InheritedUsd = e.InheritedUsd,
            ToolCalls = run.ToolCalls.AddRange(e.ToolCalls.Select(call => KeyValuePair.Create(call.ToolCallId, ToolCall.From(call)))),
            KeepsResults = e.KeepsResults, KeepsAnswer = e.KeepsAnswer, Visits = e.Visits?.ToImmutableSortedDictionary(), Answer = e.Answer,
        },
        ForkStarted e => run with { Forks = (run.Forks ?? NoForks).Add(e.Fork, e.HeldUsd), ChildrenUsd = run.ChildrenUsd + e.HeldUsd },
        ForkEnded e => run with { Forks = run.Forks!.Remove(e.Fork), ChildrenUsd = run.ChildrenUsd - run.Forks[e.Fork] + e.SpentUsd },
        RunStarted => run with { Status = RunStatus.Running },
        RunPaused => run with { Status = RunStatus.Paused },
        RunResumed => run with
        {
            Status = RunStatus.Running,
            AwaitsBudget = null,
            ModelCall = run.ModelCall?.Renewed(),
            Fallback = run.ModelCall is { Status: not AttemptStatus.Failed } ? run.Fallback : 0,
            ToolCalls = run.ToolCalls.SetItems(run.ToolCalls.Select(call => KeyValuePair.Create(call.Key, call.Value.Renewed()))),
        },
        RunParked e => run with { Status = RunStatus.Parked, AwaitsBudget = e.Budget },
        RunBudgetChanged e => run with { BudgetUsd = e.BudgetUsd, IsBudgetChanged = true },
        RunCompleted => run with { Status = RunStatus.Completed },
        RunFailed => run with { Status = RunStatus.Failed, Wait = null },
        RunCancelled => run with { Status = RunStatus.Cancelled, AwaitsBudget = null, Wait = null },
        RunClosing e => run with { Closing = e.Reason, KeptUsd = 0, Fallback = 0, ModelCall = run.ModelCall?.GivenUp() },

        StepStarted e => run with
        {
            Step = e.Step, IsInStep = true, ModelCallsInStep = 0, Fallback = 0, ToolCalls = Run.NoToolCalls, KeepsResults = e.KeepsResults,
            KeepsAnswer = e.KeepsAnswer, OutputProblems = null,
            Visits = e.Visit is { } visit ? (run.Visits ?? NoVisits).SetItem(e.Step, visit) : run.Visits,
        },
        StepSkipped => run,
        StepCompleted e => run with
        {
            IsInStep = false, Outputs = e.IsReadLater ? run.Outputs.SetItem(e.Step, e.Output) : run.Outputs,
            ToolCalls = run.KeepsResults ? Run.NoToolCalls : run.ToolCalls,
            Answer = run.KeepsAnswer ? (run.Answer ?? AnswerSoFar.None) with { Text = e.Output } : run.Answer,
        },
        WaitStarted e => run with { Wait = new(e.Wait, e.Signal, e.Until, e.For), Waits = e.Wait },
        WaitEnded { By: WaitEnd.Signal } => run with { Wait = null, Signals = run.Signals!.Without(run.Signals.First(run.Wait!.Signal!)) },
        WaitEnded => run with { Wait = null },
        SignalReceived e => run with { Signals = (run.Signals ?? ReceivedSignals.None).After(e, run.Awaits(e.Name)) },

        ModelCallScheduled { Attempt: 1 } e => run with
        {
            ModelCall = ModelAttempt.First(e),
            Fallback = e.Fallback,
            ModelCalls = e.Call,
            ModelCallsInStep = run.ModelCallsInStep + 1,
            ToolCalls = Run.NoToolCalls,
        },
        ModelCallScheduled e => run.WithCall(call => call.Again(e, run.Fallback)) with { Fallback = e.Fallback },
        ModelCallStarted e => run.WithCall(call => call with { Status = AttemptStatus.Started, Worker = e.Worker, ReservedUsd = e.ReservedUsd }) with
        {
            KeptUsd = e.KeptUsd ?? 0,
        },
        ModelCallCompleted e => run.Paying(e.Usage, e.Cost, isUnpriced: e.Cost is null) with
        {
            ModelCall = null, OutputProblems = e.Reply.OutputProblems, Answer = run.KeepsAnswer ? AnswerSoFar.Of(e.Reply) : run.Answer,
        },
        ModelCallFailed e => run.Paying(e.Usage, e.Cost, isUnpriced: false).WithCall(call => call with { Status = AttemptStatus.Failed }),
        ModelCallOutcomeUnknown e => run.WithCall(call => call with { Status = AttemptStatus.Failed }) with
        {
            Unconfirmed = run.Unconfirmed.Add(new(e.Call, e.Attempt, e.LowUsd, e.HighUsd)),
        },
        SpendResolved e => run with
        {
            CostUsd = run.CostUsd + e.ActualUsd,
            Unconfirmed = run.Unconfirmed.RemoveAll(attempt => attempt.Call == e.Call && attempt.Attempt == e.Attempt),
        },

        ToolCallRequested e => run with
        {
            ToolCalls = run.ToolCalls.SetItem(e.ToolCallId, e.NeedsApproval
                ? new(e.Tool, e.Arguments, ToolCallStatus.AwaitingApproval, Attempt: 0)
                : new(e.Tool, e.Arguments, ToolCallStatus.Scheduled, Attempt: 1)),
        },
        ToolCallApproved => run,
        ToolCallDenied e => run.WithTool(e.ToolCallId, call => call.Settled(ToolCallStatus.Denied)),
        ToolCallScheduled e => run.WithTool(
            e.ToolCallId, call => call with { Status = ToolCallStatus.Scheduled, Attempt = e.Attempt, Worker = null, Delay = e.Delay }),
        ToolCallStarted e => run.WithTool(e.ToolCallId, call => call with { Status = ToolCallStatus.Started, Worker = e.Worker }),
        ChildRunStarted e => run.WithTool(
            e.ToolCallId, call => call with { Status = ToolCallStatus.Started, Child = e.Child, HeldUsd = e.HeldUsd }) with
        {
            Children = run.Children + 1, ChildrenUsd = run.ChildrenUsd + e.HeldUsd,
        },
        ToolCallCompleted e => run.Settling(e.ToolCallId, e.ChildUsd).WithTool(
            e.ToolCallId, call => call.Settled(ToolCallStatus.Completed) with { Result = run.KeepsResults ? e.Result : null }),
        ToolCallFailed e => run.Settling(e.ToolCallId, e.ChildUsd).WithTool(
            e.ToolCallId, call => call with
            {
                Status = ToolCallStatus.Failed, Attempt = e.Attempt, Failure = e.Failure.Kind, Child = null, HeldUsd = 0,
            }),
        ToolCallResolved { Result: { } result } e => run.WithTool(
            e.ToolCallId, call => call.Settled(ToolCallStatus.Completed) with { Failure = null, Result = run.KeepsResults ? result : null }),
        ToolCallResolved { Failed: not null } e => run.WithTool(e.ToolCallId, call => call with { Failure = FailureKind.ToolError }),
        ToolCallResolved e => run.WithTool(e.ToolCallId, call => call.Renewed()),
        PassagesRetrieved => run,

        _ => throw new InvalidOperationException($"Run does not know {happened.GetType().Name}."),
    };

    static Run Paying(this Run run, Usage? usage, Cost? cost, bool isUnpriced) => run with
    {
        Usage = run.Usage + (usage ?? Usage.None),
        CostUsd = run.CostUsd + (cost?.Usd ?? 0),
        UnpricedCalls = run.UnpricedCalls + (isUnpriced ? 1 : 0),
        UnpricedUsd = run.UnpricedUsd + (isUnpriced ? run.ModelCall?.ReservedUsd ?? 0 : 0),
    };

    /// <summary>What a run that ended has spent counts instead of what was held for it.</summary>
    static Run Settling(this Run run, string toolCallId, decimal? childUsd) =>
        childUsd is { } spent ? run with { ChildrenUsd = run.ChildrenUsd - run.ToolCalls[toolCallId].HeldUsd + spent } : run;

    static Run WithCall(this Run run, Func<ModelAttempt, ModelAttempt> change) =>
        run with { ModelCall = run.ModelCall is null ? null : change(run.ModelCall) };

    static Run WithTool(this Run run, string id, Func<ToolCall, ToolCall> change) =>
        run with { ToolCalls = run.ToolCalls.SetItem(id, change(run.ToolCalls[id])) };

    static readonly ImmutableSortedDictionary<int, int> NoVisits = ImmutableSortedDictionary<int, int>.Empty;

    static readonly ImmutableSortedDictionary<Guid, decimal> NoForks = ImmutableSortedDictionary<Guid, decimal>.Empty;
}
