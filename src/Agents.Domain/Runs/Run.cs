using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>Stored by name: add, never rename.</summary>
public enum RunStatus { Queued, Running, Paused, Parked, Completed, Failed, Cancelled }

/// <summary>Where a run stands: small, and enough to decide what comes next. Its stored form is the checkpoint.</summary>
/// <remarks>What was said is not here; the <see cref="Conversation"/> is folded separately, when a worker needs it.</remarks>
public sealed record Run
{
    public required Guid Id { get; init; }
    public string Agent { get; init; } = "";
    public int AgentVersion { get; init; }
    public string DefinitionHash { get; init; } = "";
    public string Model { get; init; } = "";
    public string Question { get; init; } = "";

    /// <summary>The caller's own labels. Null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public RunStatus Status { get; init; }

    /// <summary>Position of the step begun last; -1 before the first.</summary>
    public int Step { get; init; } = -1;

    /// <summary>The step begun last is not complete yet.</summary>
    public bool IsInStep { get; init; }

    /// <summary>Outputs of completed steps that another step reads, by position; of a step taken several times, the last.</summary>
    public ImmutableSortedDictionary<int, string> Outputs { get; init; } = ImmutableSortedDictionary<int, string>.Empty;

    /// <summary>How often steps were taken, by position, where that is counted. Null when it is counted for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<int, int>? Visits { get; init; }

    /// <summary>The results of the tool step begun last are kept until it is complete.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KeepsResults { get; init; }

    /// <summary>What the step begun last says is kept as the answer so far.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KeepsAnswer { get; init; }

    /// <summary>What the run answers with if all steps that are left are skipped. Null while that is not kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerSoFar? Answer { get; init; }

    public int ModelCalls { get; init; }
    public int ModelCallsInStep { get; init; }

    /// <summary>Position, among the models of the step, of the one asked last in it; 0 is the step's own. Facts call it so, too.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Fallback { get; init; }

    /// <summary>Why the run gives its last word now: <c>budget</c> or <c>calls</c>. Null as long as it does not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Closing { get; init; }

    /// <summary>US dollars that are kept back for the last word, as the latest call has found. 0 when nothing is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public decimal KeptUsd { get; init; }

    /// <summary>The model call in flight, or the failed one a resumed run tries again. Null between calls.</summary>
    public ModelAttempt? ModelCall { get; init; }

    /// <summary>Why the step's last reply does not fit its schema. Null when it fits, or there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? OutputProblems { get; init; }

    /// <summary>Tool calls of the current turn by id, settled ones included.</summary>
    public ImmutableSortedDictionary<string, ToolCall> ToolCalls { get; init; } = NoToolCalls;

    public Usage Usage { get; init; } = Usage.None;

    /// <summary>US dollars, priced calls only.</summary>
    public decimal CostUsd { get; init; }

    /// <summary>Completed calls without a price or without usage: their cost is unknown, not zero.</summary>
    public int UnpricedCalls { get; init; }

    /// <summary>US dollars that completed calls without usage can have cost at most: what was reserved for them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public decimal UnpricedUsd { get; init; }

    /// <summary>Attempts that may have been billed and whose cost is not known yet.</summary>
    public ImmutableList<UnconfirmedAttempt> Unconfirmed { get; init; } = [];

    /// <summary>US dollars this run may spend. Null means the agent's limit only.</summary>
    public decimal? BudgetUsd { get; init; }

    /// <summary>W3C trace context of the request that asked for it, the parent of all its spans. Null when untraced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>A person has set the budget since; it then counts instead of the agent's limit.</summary>
    public bool IsBudgetChanged { get; init; }

    /// <summary>The budget the run is parked for. Null when it is not.</summary>
    public BudgetRefusal? AwaitsBudget { get; init; }

    /// <summary>The tool call that waits for this run. Null for a run started by a caller.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChildOf? ChildOf { get; init; }

    /// <summary>The run and version this one continues from. Null when it started fresh.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ForkedFrom? ForkedFrom { get; init; }

    /// <summary>US dollars that the history it continues has cost others. Not part of <see cref="CostUsd"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public decimal InheritedUsd { get; init; }

    /// <summary>What is held for forks that draw on this run's budget and have not ended, in US dollars. Null when there was never one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableSortedDictionary<Guid, decimal>? Forks { get; init; }

    /// <summary>Runs that this one has started.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Children { get; init; }

    /// <summary>
    /// US dollars that runs started by this one, and forks that draw on its budget, have spent at most or, while they go on, may spend.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public decimal ChildrenUsd { get; init; }

    /// <summary>What the run waits for in its step. Null when it does not wait.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Waiting? Wait { get; init; }

    /// <summary>Waits begun so far.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Waits { get; init; }

    /// <summary>The signals that it was sent. Null when it was sent none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReceivedSignals? Signals { get; init; }

    /// <summary>A run of which nothing is known yet but its id.</summary>
    public static Run Before(Guid id) => new() { Id = id };

    /// <summary>The run at the root of this one: itself, unless another started it or it continues another.</summary>
    public Guid Root() => ChildOf?.Root ?? ForkedFrom?.Root ?? Id;

    /// <summary>Completed, failed or cancelled: it does no more work.</summary>
    public bool IsFinished() => Status is RunStatus.Completed or RunStatus.Failed or RunStatus.Cancelled;

    /// <summary>Something is in flight, waits for approval, or is a wait itself; nothing new is begun before it is settled.</summary>
    public bool IsWaiting() =>
        Wait is not null || ModelCall is { Status: not AttemptStatus.Failed } || ToolCalls.Values.Any(call => !call.IsSettled());

    /// <summary>Whether a signal of this name ends a wait the moment it comes.</summary>
    public bool Awaits(string signal) => Status is RunStatus.Running && Wait?.Signal == signal;

    /// <summary>The caller's label of that name; empty when there is none.</summary>
    public string LabelOf(string name) => Metadata?.GetValueOrDefault(name) ?? "";

    /// <summary>How often the run has taken a step, as far as that is counted.</summary>
    public int VisitsOf(int step) => Visits?.GetValueOrDefault(step) ?? 0;

    /// <summary>The workers of attempts that were claimed and have no outcome yet.</summary>
    public IEnumerable<string> WorkersOfOpenAttempts()
    {
        if (ModelCall is { Status: AttemptStatus.Started, Worker: { } worker }) yield return worker;
        foreach (var call in ToolCalls.Values)
            if (call is { Status: ToolCallStatus.Started, Worker: { } holder }) yield return holder;
    }

    /// <summary>US dollars spent, unconfirmed attempts and calls of unknown cost at their upper bound where there is one.</summary>
    public decimal SpentAtMostUsd() => CostUsd + UnpricedUsd + Unconfirmed.Sum(attempt => attempt.HighUsd ?? attempt.LowUsd);

    /// <summary>The same with what runs that it started, and forks, have spent and may spend: what counts against its budget.</summary>
    public decimal CommittedUsd() => SpentAtMostUsd() + ChildrenUsd;

    /// <summary>US dollars that a call in flight may still cost, as far as that is known.</summary>
    public decimal InFlightUsd() => ModelCall is { Status: AttemptStatus.Started, ReservedUsd: { } upper } ? upper : 0;

    /// <summary>US dollars that a run which has ended has spent and may still turn out to have spent: what it counts against the budget of another run.</summary>
    public decimal OwedAtMostUsd() => CommittedUsd() + InFlightUsd();

    /// <summary>US dollars over the whole run: the lower of its budget and the agent's limit; the budget alone once a person changed it.</summary>
    public decimal MostUsd(Limits limits) => IsBudgetChanged ? BudgetUsd!.Value : Math.Min(BudgetUsd ?? decimal.MaxValue, limits.CostUsd);

    /// <summary>Whether the run's own budget holds what a call can cost at most. A call without a price holds if it may.</summary>
    public bool HasRoomFor(decimal? upperUsd, bool mayBeUnpriced) =>
        BudgetUsd is not { } budget || (upperUsd is { } upper ? CommittedUsd() + upper <= budget : mayBeUnpriced);

    /// <summary>The refusal of the run's own budget, or of what it may spend at most.</summary>
    internal BudgetRefusal Refusal(decimal limitUsd, decimal? wantedUsd, decimal? leastUsd, decimal keptUsd = 0) =>
        new(BudgetName.Of(Id), limitUsd, CommittedUsd(), keptUsd, wantedUsd, leastUsd);

    /// <summary>The run after one more fact. Knows nothing of rules: whatever happened, happened.</summary>
    public static Run Evolve(Run run, RunEvent happened) => happened switch
    {
        RunQueued e => run with
        {
            Agent = e.Agent, AgentVersion = e.AgentVersion, DefinitionHash = e.DefinitionHash,
            Model = e.Model, Question = e.Question, Metadata = e.Metadata, BudgetUsd = e.BudgetUsd, TraceParent = e.TraceParent, ChildOf = e.ChildOf,
            ForkedFrom = e.ForkedFrom,
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
            Step = e.Step, IsInStep = true, ModelCallsInStep = 0, Fallback = 0, ToolCalls = NoToolCalls, KeepsResults = e.KeepsResults,
            KeepsAnswer = e.KeepsAnswer, OutputProblems = null,
            Visits = e.Visit is { } visit ? (run.Visits ?? NoVisits).SetItem(e.Step, visit) : run.Visits,
        },
        StepSkipped => run,
        StepCompleted e => run with
        {
            IsInStep = false, Outputs = e.IsReadLater ? run.Outputs.SetItem(e.Step, e.Output) : run.Outputs,
            ToolCalls = run.KeepsResults ? NoToolCalls : run.ToolCalls,
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
            ToolCalls = NoToolCalls,
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
            e.ToolCallId, call => call with { Status = ToolCallStatus.Failed, Attempt = e.Attempt, Failure = e.Failure.Kind, Child = null, HeldUsd = 0 }),
        PassagesRetrieved => run,

        _ => throw new InvalidOperationException($"Run does not know {happened.GetType().Name}."),
    };

    Run Paying(Usage? usage, Cost? cost, bool isUnpriced) => this with
    {
        Usage = Usage + (usage ?? Usage.None),
        CostUsd = CostUsd + (cost?.Usd ?? 0),
        UnpricedCalls = UnpricedCalls + (isUnpriced ? 1 : 0),
        UnpricedUsd = UnpricedUsd + (isUnpriced ? ModelCall?.ReservedUsd ?? 0 : 0),
    };

    /// <summary>What a run that ended has spent counts instead of what was held for it.</summary>
    Run Settling(string toolCallId, decimal? childUsd) =>
        childUsd is { } spent ? this with { ChildrenUsd = ChildrenUsd - ToolCalls[toolCallId].HeldUsd + spent } : this;

    Run WithCall(Func<ModelAttempt, ModelAttempt> change) => this with { ModelCall = ModelCall is null ? null : change(ModelCall) };

    Run WithTool(string id, Func<ToolCall, ToolCall> change) => this with { ToolCalls = ToolCalls.SetItem(id, change(ToolCalls[id])) };

    static readonly ImmutableSortedDictionary<int, int> NoVisits = ImmutableSortedDictionary<int, int>.Empty;

    static readonly ImmutableSortedDictionary<Guid, decimal> NoForks = ImmutableSortedDictionary<Guid, decimal>.Empty;

    static readonly ImmutableSortedDictionary<string, ToolCall> NoToolCalls =
        ImmutableSortedDictionary.Create<string, ToolCall>(StringComparer.Ordinal);
}
