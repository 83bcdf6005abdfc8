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

    /// <summary>No tool is called for it: it is given the results that the run it continues has recorded.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RecordedTools { get; init; }

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

    /// <summary>The latest output of a step by the step's name. Null when the run has not completed it, or keeps no output of it.</summary>
    public string? OutputOf(AgentDefinition agent, string step) => Outputs.GetValueOrDefault(agent.PositionOf(step));

    /// <summary>What its steps take their arguments from.</summary>
    public ArgumentSources Sources(AgentDefinition agent) => new(Question, step => OutputOf(agent, step) ?? "", LabelOf);

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

    /// <summary>
    /// US dollars that a run which has ended has spent and may still turn out to have spent: what it counts against the budget of another run.
    /// </summary>
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
    public static Run Evolve(Run run, RunEvent happened) => RunFold.After(run, happened);

    internal static readonly ImmutableSortedDictionary<string, ToolCall> NoToolCalls =
        ImmutableSortedDictionary.Create<string, ToolCall>(StringComparer.Ordinal);
}
