using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests;

/// <summary>
/// Everything around one run: people, the clock, workers that die, messages that come late or twice. It does as it is told by numbers.
/// </summary>
/// <param name="begun">What has happened to the run before. Null when it is only queued.</param>
sealed class World(AgentDefinition agent, IReadOnlyList<RunEvent>? begun = null)
{
    static readonly FailureKind[] ModelFailures =
        [FailureKind.RateLimited, FailureKind.Timeout, FailureKind.Unavailable, FailureKind.StreamCut, FailureKind.Rejected, FailureKind.EmptyReply];

    static readonly FailureKind[] ToolFailures = [
        FailureKind.Timeout, FailureKind.RateLimited, FailureKind.ToolError, FailureKind.BadArguments, FailureKind.OutcomeUnknown];

    readonly List<object> messages = []; // every message ever sent to a worker, for some come late and some twice
    readonly List<object> reports = [];

    public AgentDefinition Agent => agent;

    public Run Run { get; private set; } = (begun ?? A.Queued(agent).History).Aggregate(Run.Before(A.Id), Run.Evolve);

    public List<RunEvent> History { get; } = [.. begun ?? A.Queued(agent).History];

    /// <summary>The report that happened last. Null when something else did.</summary>
    public object? LastReport { get; private set; }

    public bool IsOutOfMoney() => !Run.HasRoomFor(0.02m, mayBeUnpriced: true)
        || Run.Status is RunStatus.Parked && Run.SpentAtMostUsd() >= Run.MostUsd(agent.Limits);

    /// <summary>What follows from one more thing that happens. The kind is from 0 to 99, the choice from 0 to 999.</summary>
    public IReadOnlyList<RunEvent> Happen(int kind, int choice)
    {
        var before = History.Count;
        LastReport = null;
        if (kind < 30) Deliver(choice);
        else if (kind < 60) Report(Model(choice, Attempt(choice)));
        else if (kind < 80) Report(Tool(choice));
        else if (kind < 84 && reports.Count > 0) Report(reports[choice % reports.Count]);
        else Tell(Command(kind, choice));
        return History.GetRange(before, History.Count - before);
    }

    /// <summary>One step towards the end: people say yes, workers work, models answer.</summary>
    public void BeKind()
    {
        Tell(new StartRun("w1"));
        Tell(new ResumeRun("ada", "go on"));
        foreach (var id in Run.ToolCalls.Keys) Tell(new ApproveToolCall(id, "ada"));
        Tell(new EndWait(Run.Waits));
        if (Run.Wait?.Signal is { } signal) Tell(A.Signal(signal));
        foreach (var work in Work.OwedBy(Run).ToList())
        {
            Receive(work.Message, isOwnerGone: true, isClaimedTool: false);
            Report(work.Message is CallModel call ? A.Reply(call.Call, "done", 0, call.Attempt) : Found((RunTool)work.Message));
        }
    }

    object Command(int kind, int choice) => kind switch
    {
        _ when choice % 3 == 0 && agent.Steps.Any(step => step is WaitStep) => AboutWaits(choice / 3),
        84 when choice < 400 => Refusal(choice),
        84 when choice < 700 => Resolving(choice),
        84 => new GoOnWithinBudget(),
        85 when choice < 300 => new ChangeRunBudget(0.02m + choice / 5000m, "ada", "more"),
        85 when choice < 500 => Resolving(choice),
        < 86 => new PauseRun("ada", "look"),
        < 91 => new ResumeRun("ada", "go on"),
        91 when choice < 200 => new CancelRun("ada", "enough"),
        92 when choice < 100 => new ExpireRun(),
        93 when choice < 200 => new ExpireApprovals(),
        93 when choice < 800 => Resolved(choice),
        < 94 => new StartRun("w1"),
        < 98 => new ApproveToolCall(ToolCallId(choice), "ada"),
        _ => new DenyToolCall(ToolCallId(choice), "ada", "no"),
    };

    /// <summary>The time of this wait or of an earlier one comes, or a signal: awaited now, later or never, now and then a second time.</summary>
    object AboutWaits(int choice) => (choice % 5) switch
    {
        0 => new EndWait(Run.Waits),
        1 => new EndWait(Run.Waits - 1),
        2 => A.Signal("signed", $"word {choice}"),
        3 => A.Signal("approved", $"word {choice}", choice % 2 == 0 ? "the same" : null),
        _ => A.Signal(choice % 2 == 0 ? "approved" : "stray", $"word {choice}"),
    };

    /// <summary>By a budget; now and then the last word is affordable, or the model has no price.</summary>
    RefuseModelCall Refusal(int choice)
    {
        var refused = A.Refused(Run.ModelCall?.Call ?? 1, Run.ModelCall?.Number ?? 1);
        var isUnpriced = choice % 3 == 0;
        return refused with
        {
            CloseWith = isUnpriced || choice % 2 == 0 ? null : 0,
            Refusal = isUnpriced ? refused.Refusal with { WantedUsd = null, LeastUsd = null } : refused.Refusal,
        };
    }

    /// <summary>What a person has found out about a tool call: mostly about one that is in doubt.</summary>
    ResolveToolCall Resolved(int choice) => new(
        Run.CallsInDoubt().FirstOrDefault() is { } doubtful && choice % 7 > 0 ? doubtful : ToolCallId(choice),
        choice % 3 == 0 ? "sent after all" : null, choice % 3 == 1 ? "It was never sent." : null, "ada", "looked");

    /// <summary>Mostly an attempt whose cost is in doubt, now and then another.</summary>
    ResolveSpend Resolving(int choice)
    {
        var doubtful = Run.Unconfirmed.Count > 0
            && choice % 7 > 0 ? Run.Unconfirmed[choice % Run.Unconfirmed.Count] : new(1 + choice % 3, 1 + choice / 10 % 3, 0, null);
        return new(doubtful.Call, doubtful.Attempt, 0.003m, SpendSource.Operator, "ada");
    }

    /// <summary>Some message reaches a worker, mostly the newest; now and then a worker is thought dead, rightly or not.</summary>
    void Deliver(int choice)
    {
        if (messages.Count == 0)
        {
            Tell(new StartRun("w1"));
            return;
        }

        var message = choice % 4 > 0 ? messages[^1] : messages[choice % messages.Count];
        Receive(message, isOwnerGone: choice % 5 == 0, isClaimedTool: choice % 3 == 0);
    }

    void Receive(object message, bool isOwnerGone, bool isClaimedTool)
    {
        var (claim, lost) = message switch
        {
            CallModel m => (
                Claim.On(Run, m, new ModelCallStarted(m.Call, m.Attempt, "w1", "hash", "2026-11", 0.02m), isOwnerGone),
                (object)new RecordModelCallLost(m.Call, m.Attempt, UnknownCause.WorkerLost)),
            RunTool m => (
                Claim.On(Run, m, new ToolCallStarted(m.ToolCallId, m.Attempt, "w1"), isOwnerGone),
                A.ToolFailure(m.ToolCallId, FailureKind.OutcomeUnknown, m.Attempt)),
            _ => throw new ArgumentException(message.ToString(), nameof(message)),
        };

        if (claim is Claim.Refused refused) Report(new RefuseModelCall(((CallModel)message).Call, ((CallModel)message).Attempt, refused.Refusal));
        if (claim is Claim.Taken taken && (message is CallModel || isClaimedTool)) Append([taken.Started]);
        if (claim is Claim.Lost) Report(lost);
    }

    void Report(object report)
    {
        reports.Add(report);
        LastReport = report;
        Tell(report);
    }

    void Tell(object message)
    {
        var decision = A.Decide(Run, agent, message);
        messages.AddRange(decision.Work().Select(work => work.Message));
        Append(decision.Events);
    }

    void Append(IReadOnlyList<RunEvent> facts)
    {
        Run = facts.Aggregate(Run, Run.Evolve);
        History.AddRange(facts);
    }

    /// <summary>Mostly the attempt in flight, now and then another.</summary>
    (int Call, int Attempt) Attempt(int choice) => Run.ModelCall is { } call && choice % 7 > 0
        ? (call.Call, call.Number)
        : (1 + choice % 3, 1 + choice / 10 % 3);

    static object Model(int choice, (int Call, int Attempt) of) => (choice / 7 % 10) switch
    {
        < 4 => A.Reply(of.Call, choice % 2 == 0 ? "one\ntwo" : "", choice % 11 == 0 ? null : 0.005m, of.Attempt),
        4 => A.Reply(of.Call, "", 0.005m, of.Attempt, "search_documents"),
        5 => A.Reply(of.Call, "", 0.005m, of.Attempt, "search_documents", "send_mail", "rm_rf"),
        6 => A.Reply(of.Call, "", 0.005m, of.Attempt, "open_ticket", "open_ticket", "send_mail", "search_documents", "search_documents"),
        7 => new RecordModelCallLost(of.Call, of.Attempt, UnknownCause.WorkerLost),
        _ => A.ModelFailure(ModelFailures[choice % ModelFailures.Length], of.Call, of.Attempt, lowUsd: 0.001m),
    };

    object Tool(int choice)
    {
        var id = ToolCallId(choice);
        var attempt = Run.ToolCalls.GetValueOrDefault(id)?.Attempt + (choice % 7 == 0 ? 1 : 0) ?? 1;
        if (choice % 3 > 0) return Found(new(A.Id, id, attempt));
        return choice % 2 > 0 ? A.ToolFailure(id, ToolFailures[choice / 3 % ToolFailures.Length], attempt) : A.NotReached(id, attempt);
    }

    static RecordToolResult Found(RunTool call) =>
        A.Result(call.ToolCallId, "found", call.Attempt, A.Passage(call.ToolCallId), A.Passage("shared"), A.Passage("p" + call.Attempt));

    /// <summary>Mostly a call of this turn, now and then one of long ago.</summary>
    string ToolCallId(int choice) => Run.ToolCalls.Count > 0 && choice % 7 > 0
        ? Run.ToolCalls.Keys.ElementAt(choice % Run.ToolCalls.Count)
        : ToolCallIds.OfModelCall(1 + choice % 2, 1);
}
