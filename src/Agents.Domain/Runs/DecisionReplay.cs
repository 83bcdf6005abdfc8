using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>
/// Derives every decision of a run anew from the outcomes that were recorded, with the rules of this build and the run's own definition, and compares
/// what follows with the facts. Calls no model and no tool, and writes nothing.
/// </summary>
/// <remarks>
/// A fact is either an input, such as a reply, a person's word or a claim, or it follows from one. For an input there may be several messages that it
/// can have come from, such as a budget that was raised or a fork that ended; the one whose decision explains most of the facts counts.
/// </remarks>
public static class DecisionReplay
{
    /// <summary>The first fact that the rules of this build would not have decided. Null when all facts follow.</summary>
    /// <param name="history">The run's own facts, from the first.</param>
    /// <param name="origin">
    /// For a fork the run that it continues, as it was then, with its own facts until then. Null when it is no fork, or that run is not to be looked at.
    /// </param>
    public static Divergence? Check(
        Guid runId, IReadOnlyList<RunEvent> history, AgentDefinition agent, (Run Run, IReadOnlyList<RunEvent> Facts)? origin = null)
    {
        if (history is not [RunQueued queued, ..]) return new(1, [], history.Count == 0 ? null : history[0]);

        var (run, at) = (Run.Evolve(Run.Before(runId), queued), 1);
        if (queued.ForkedFrom is not null)
        {
            if (history.ElementAtOrDefault(1) is not StateInherited stored) return new(2, [], history.ElementAtOrDefault(1));
            if (origin is var (continued, facts) && Forking.StateOf(continued, facts, agent, stored.Reason) is var inherited && !IsSame(inherited, stored))
                return new(2, [inherited], stored);
            (run, at) = (Run.Evolve(run, stored), 2);
        }

        while (at < history.Count)
        {
            var best = Candidates(run, agent, history, at).Select(decided => Compare(decided, history, at))
                .OrderByDescending(compared => compared.IsWhole).ThenByDescending(compared => compared.Same).FirstOrDefault(new Compared([], 0));
            if (!best.IsWhole)
                return new(at + best.Same + 1, [.. best.Decided.Skip(best.Same)], history.ElementAtOrDefault(at + best.Same));
            for (var end = at + best.Same; at < end; at++) run = Run.Evolve(run, history[at]);
        }

        return null;
    }

    /// <summary>What each message decides that the fact at this place can have come from. Empty when no message brings such a fact by itself.</summary>
    static IEnumerable<IReadOnlyList<RunEvent>> Candidates(Run run, AgentDefinition agent, IReadOnlyList<RunEvent> history, int at)
    {
        var next = history.ElementAtOrDefault(at + 1);
        return history[at] switch
        {
            RunStarted e => [RunDecider.Decide(run, agent, new StartRun(e.Worker)).Events],
            RunPaused e => [RunDecider.Decide(run, agent, new PauseRun(e.By, e.Reason, e.ByKey)).Events],
            RunResumed { By: RunDecider.BySystem, ByKey: null } => [RunDecider.Decide(run, agent, new GoOnWithinBudget()).Events],
            RunResumed e => [RunDecider.Decide(run, agent, new ResumeRun(e.By, e.Reason, e.ByKey)).Events],
            RunCancelled e => [RunDecider.Decide(run, agent, new CancelRun(e.By, e.Reason, e.ByKey)).Events],
            RunBudgetChanged e => [RunDecider.Decide(run, agent, new ChangeRunBudget(e.BudgetUsd, e.By, e.Reason, e.ByKey)).Events],
            RunParked { Budget: { } refusal } when run.ModelCall is { } call =>
                [RunDecider.Decide(run, agent, new RefuseModelCall(call.Call, call.Number, refusal)).Events],
            RunFailed { Failure.Kind: FailureKind.Deadline } e => [Expired(run, agent, e)],
            RunClosing or ModelCallScheduled when run.ModelCall is { Status: AttemptStatus.Scheduled } call => Refused(run, agent, call, history, at),
            WaitEnded e => [RunDecider.Decide(run, agent, new EndWait(e.Wait)).Events],
            SignalReceived e => [RunDecider.Decide(run, agent, new SendSignal(e.Name, e.Payload, e.SignalId, e.By, e.ByKey)).Events],

            ModelCallStarted e => [Claimed(Claim.On(run, new CallModel(run.Id, e.Call, e.Attempt), e, ownerIsGone: false))],
            ModelCallCompleted e => [RunDecider.Decide(run, agent, new RecordModelReply(
                e.Call, e.Attempt, e.Reply, e.Usage, e.RawUsage, e.Cost, e.Latency, e.TimeToFirstToken, e.Provider, e.ServiceTier)).Events],
            ModelCallFailed e => [RunDecider.Decide(
                run, agent, new RecordModelFailure(e.Call, e.Attempt, e.Failure, e.Latency, e.Usage, e.Cost)).Events],
            ModelCallOutcomeUnknown { Failure: { } failure } e => [RunDecider.Decide(run, agent, new RecordModelFailure(
                e.Call, e.Attempt, failure, TimeSpan.Zero, LowUsd: e.LowUsd, HasBegun: true, Text: e.Text)).Events],
            ModelCallOutcomeUnknown e => [RunDecider.Decide(run, agent, new RecordModelCallLost(e.Call, e.Attempt, e.Cause)).Events],
            SpendResolved e =>
                [RunDecider.Decide(run, agent, new ResolveSpend(e.Call, e.Attempt, e.ActualUsd, e.Source, e.By, e.ByKey)).Events],

            ToolCallApproved e => [RunDecider.Decide(run, agent, new ApproveToolCall(e.ToolCallId, e.By, e.ByKey)).Events],
            ToolCallDenied { By: RunDecider.BySystem, ByKey: null } => [RunDecider.Decide(run, agent, new ExpireApprovals()).Events],
            ToolCallDenied e => [RunDecider.Decide(run, agent, new DenyToolCall(e.ToolCallId, e.By, e.Reason, e.ByKey)).Events],
            ToolCallScheduled e when history[at - 1] is ToolCallScheduled => OfOlderBuild(run, agent, e),
            ToolCallResolved e =>
                [RunDecider.Decide(run, agent, new ResolveToolCall(e.ToolCallId, e.Result, e.Failed, e.By, e.Reason, e.ByKey)).Events],
            ToolCallStarted e => [Claimed(Claim.On(run, new RunTool(run.Id, e.ToolCallId, e.Attempt), e, ownerIsGone: false))],
            PassagesRetrieved e when next is ToolCallCompleted done && done.ToolCallId == e.ToolCallId =>
                [RunDecider.Decide(run, agent, Result(done) with { Retrieved = new(e.Query, e.Passages) }).Events],
            ToolCallCompleted e => [RunDecider.Decide(run, agent, Result(e)).Events],
            ToolCallFailed e => [RunDecider.Decide(run, agent, new RecordToolFailure(
                e.ToolCallId, e.Attempt, e.Failure, e.Latency, e.ChildUsd, HadNoEffect: e.Failure.Kind is not FailureKind.OutcomeUnknown)).Events],
            ChildRunStarted e => [RunDecider.Decide(run, agent, new RecordChildWanted(
                e.ToolCallId, e.Attempt, e.Child, Child(e))).Events],

            ForkStarted e => Holds(run, agent, [], e),
            ForkEnded e => Holds(run, agent, history, at).Prepend(
                RunDecider.Decide(run, agent, new RecordForkEnded(e.Fork, e.SpentUsd)).Events),
            _ => [],
        };
    }

    /// <summary>Either the run's time is over, or the deadline of its caller has passed: the message says which.</summary>
    static IReadOnlyList<RunEvent> Expired(Run run, AgentDefinition agent, RunFailed failed)
    {
        var decided = RunDecider.Decide(run, agent, new ExpireRun()).Events;
        return decided is [RunFailed expired] && expired.Failure.Message != failed.Failure.Message ? [failed] : decided;
    }

    /// <summary>
    /// A call was refused, and made as the run's last word or with the next model. What the budget said of it is kept only as the reason for which the
    /// next model took over. When the fact that says with which model it was made is missing, it may be any.
    /// </summary>
    static IEnumerable<IReadOnlyList<RunEvent>> Refused(Run run, AgentDefinition agent, ModelAttempt call, IReadOnlyList<RunEvent> history, int at)
    {
        var made = history.Skip(at).OfType<ModelCallScheduled>().FirstOrDefault();
        if (made is { Because: { } because })
            return [[.. Decided(wantedUsd: null, closeWith: null).Select(fact =>
                fact is ModelCallScheduled { Because.Kind: FailureKind.Unpriced } next ? next with { Because = because } : fact)]];
        if (made is not null) return [Decided(wantedUsd: 0, made.Fallback)];

        var models = agent.LastModelStep() is >= 0 and var last ? agent.ModelsOf((ModelStep)agent.Steps[last], run.Model).Count : 0;
        return Enumerable.Range(0, models).Select(model => Decided(wantedUsd: 0, model));

        IReadOnlyList<RunEvent> Decided(decimal? wantedUsd, int? closeWith) => RunDecider.Decide(
            run, agent, new RefuseModelCall(call.Call, call.Number, run.Refusal(limitUsd: 0, wantedUsd, leastUsd: 0), closeWith)).Events;
    }

    /// <summary>Older builds tried all failed calls of a list again at once when the run was resumed, more than may be under way.</summary>
    static IEnumerable<IReadOnlyList<RunEvent>> OfOlderBuild(Run run, AgentDefinition agent, ToolCallScheduled e) =>
        agent.Steps[run.Step] is ToolStep { ForEach: not null } && run.Status is RunStatus.Running
            && run.ToolCalls.GetValueOrDefault(e.ToolCallId) is { } call && ListRules.IsYetToBeTried(call)
            ? [[new ToolCallScheduled(e.ToolCallId, call.Attempt + 1, TimeSpan.Zero)]]
            : [];

    static IReadOnlyList<RunEvent> Claimed(Claim claim) => claim is Claim.Taken taken ? [taken.Started] : [];

    static RecordToolResult Result(ToolCallCompleted e) => new(e.ToolCallId, e.Attempt, e.Result, e.Truncated, e.Latency, ChildUsd: e.ChildUsd);

    /// <summary>The rules look only at the agent and the budget of a run that is to be queued.</summary>
    static RunQueued Child(ChildRunStarted e) => new(e.Agent, 1, "", "", "", 0, "", TimeSpan.FromSeconds(1));

    /// <summary>A fork, for which the forks are settled first that have ended.</summary>
    static IEnumerable<IReadOnlyList<RunEvent>> Holds(Run run, AgentDefinition agent, IReadOnlyList<RunEvent> history, int at)
    {
        var ended = new List<RecordForkEnded>();
        for (var next = at; next < history.Count && history[next] is ForkEnded e; next++) ended.Add(new(e.Fork, e.SpentUsd));
        return history.ElementAtOrDefault(at + ended.Count) is ForkStarted started ? Holds(run, agent, ended, started) : [];
    }

    static IEnumerable<IReadOnlyList<RunEvent>> Holds(Run run, AgentDefinition agent, IReadOnlyList<RecordForkEnded> ended, ForkStarted started) =>
    [
        RunDecider.Decide(run, agent, new HoldForFork(started.Fork, started.HeldUsd, ended)).Events,
        RunDecider.Decide(run, agent, new HoldForFork(started.Fork, WantedUsd: null, ended)).Events,
    ];

    static Compared Compare(IReadOnlyList<RunEvent> decided, IReadOnlyList<RunEvent> history, int at)
    {
        var same = 0;
        while (same < decided.Count && at + same < history.Count
            && (IsSame(decided[same], history[at + same]) || IsOfOlderBuild(decided, same, history[at + same]))) same++;
        return new(decided, same);
    }

    /// <summary>Older builds stored the beginning of the step that gives a last word without what the checkpoint keeps of it.</summary>
    static bool IsOfOlderBuild(IReadOnlyList<RunEvent> decided, int at, RunEvent stored) =>
        at > 0 && decided[at - 1] is RunClosing && decided[at] is StepStarted begun && stored.Equals(new StepStarted(begun.Step, begun.Name));

    /// <summary>Lists in facts are compared by what they hold, so by their JSON.</summary>
    static bool IsSame(RunEvent one, RunEvent other) => one.Equals(other) || one.GetType() == other.GetType()
        && JsonSerializer.SerializeToUtf8Bytes(one, one.GetType()).AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(other, other.GetType()));

    /// <param name="Same">How many of the decided facts are stored alike, from the first.</param>
    readonly record struct Compared(IReadOnlyList<RunEvent> Decided, int Same)
    {
        public bool IsWhole => Decided.Count > 0 && Same == Decided.Count;
    }
}

/// <summary>Where a run's facts part from what the rules of this build decide.</summary>
/// <param name="Version">Of the first fact that differs, from 1; one more than the run has when facts are missing at its end.</param>
/// <param name="Decided">What the rules decide from there on; empty when nothing brings such a fact.</param>
/// <param name="Stored">What is stored. Null when facts are missing at the end.</param>
public sealed record Divergence(long Version, IReadOnlyList<RunEvent> Decided, RunEvent? Stored);
