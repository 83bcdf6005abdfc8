using System.Collections.Immutable;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests;

/// <summary>Short words the tests begin with: agents, reports, and runs that stand somewhere.</summary>
static class A
{
    public static readonly Guid Id = new("0199a0c4-0000-7000-8000-000000000001");

    public static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>The agent of the article: plan, search, analyze, synthesize, respond.</summary>
    public static readonly AgentDefinition Research = new()
    {
        Name = "research",
        Model = "small",
        Steps =
        [
            new ModelStep("plan", "Write search queries, one a line."),
            new ToolStep("search", new("search_documents"), new Dictionary<string, Argument> { ["query"] = new Argument.EachLine("plan") }),
            new ModelStep("analyze", "Which passages matter?"),
            new ModelStep("synthesize", "Draft an answer with citations."),
            new ModelStep("respond", "Answer.", Model: "large"),
        ],
        Limits = new(ModelCallsPerStep: 3, ToolCallsPerTurn: 4, Attempts: 3, CostUsd: 0.10m),
    };

    /// <summary>A ReAct style agent: one step, and tools for the model to choose from.</summary>
    public static readonly AgentDefinition Assistant = new()
    {
        Name = "assistant",
        Model = "small",
        Steps = [new ModelStep("answer", "Help.", [new("search_documents"), new("open_ticket"), new("send_mail", NeedsApproval: true)])],
        Limits = new(ModelCallsPerStep: 3, ToolCallsPerTurn: 4, Attempts: 3, CostUsd: 0.10m),
    };

    /// <summary>One call of one tool that a person must approve.</summary>
    public static readonly AgentDefinition Mailer = new()
    {
        Name = "mailer",
        Steps =
        [
            new ModelStep("write", "Write the letters, one a line."),
            new ToolStep(
                "send", new("send_mail", NeedsApproval: true), new Dictionary<string, Argument> { ["text"] = new Argument.EachLine("write") }),
            new ModelStep("report", "Say what was sent."),
        ],
        Limits = Assistant.Limits,
    };

    /// <summary>
    /// Decides as it goes: drafts again until a draft is long enough, mails each of its lines, two at a time, and reports if any was sent.
    /// </summary>
    public static readonly AgentDefinition Editor = new()
    {
        Name = "editor",
        Model = "small",
        Steps =
        [
            new ModelStep("draft", "Draft."),
            new ModelStep("judge", "What is missing?") { When = "size(output.draft) < 5", Else = "send", Next = "draft", Visits = 2 },
            new ToolStep("send", new("send_mail"), new Dictionary<string, Argument> { ["text"] = new Argument.Item() })
            {
                ForEach = new(new("draft"), Parallel: 2, Failures: 1),
            },
            new ModelStep("report", "Say what was sent.") { When = "size(output.send) > 0" },
        ],
        Limits = Assistant.Limits,
    };

    /// <summary>Waits for a signal within a minute, then for five seconds, and in the end for a signal as long as it takes.</summary>
    public static readonly AgentDefinition Waiter = new()
    {
        Name = "waiter",
        Steps =
        [
            new ModelStep("write", "Write a letter."),
            new WaitStep("approve", For: TimeSpan.FromMinutes(1), Signal: "approved"),
            new WaitStep("rest", For: TimeSpan.FromSeconds(5)),
            new ToolStep("send", new("send_mail"), new Dictionary<string, Argument> { ["text"] = new Argument.Output("approve") }),
            new WaitStep("sign", Signal: "signed"),
        ],
        Limits = Assistant.Limits,
    };

    public static RunQueued Question(AgentDefinition agent, string question = "What is RAG?", decimal? budgetUsd = null) =>
        new(agent.Name, agent.Version, "hash of " + agent.Name, agent.Model ?? "small", question, Priority: 5, "ada", TimeSpan.FromHours(1),
            BudgetUsd: budgetUsd);

    /// <summary>A run that waits for a slot.</summary>
    public static Story Queued(AgentDefinition agent, decimal? budgetUsd = null) => Story.Of(agent, Question(agent, budgetUsd: budgetUsd));

    /// <summary>A run whose first model call is scheduled.</summary>
    public static Story Started(AgentDefinition agent, decimal? budgetUsd = null) => Queued(agent, budgetUsd).When(new StartRun("w1"));

    /// <summary>A run whose first model call is in flight.</summary>
    public static Story Calling(AgentDefinition agent) => Started(agent).Claimed();

    /// <summary>An assistant whose model has asked for tools.</summary>
    public static Story Asking(params string[] tools) => Calling(Assistant).When(Reply(1, "", tools: tools));

    /// <summary>A research run that searches for each line of its plan.</summary>
    public static Story Searching(string plan = "one\ntwo") => Calling(Research).When(Reply(1, plan));

    /// <summary>A run that waits to be approved.</summary>
    public static Story Waiting() => Calling(Waiter).When(Reply(1, "Dear Sir"));

    public static SendSignal Signal(string name, string payload = "yes", string? id = null) => new(name, payload, id, "ada");

    public static RecordModelReply Reply(int call, string text, decimal? usd = 0.01m, int attempt = 1, params string[] tools) => new(
        call, attempt, new(text, [.. tools.Select(tool => new ToolRequest(tool, "{}"))], [], "small-2026", tools.Length > 0 ? "tool_calls" : "stop"),
        new(100, 20), "{}", usd is null ? null : new(usd.Value, "2026-11"), Second);

    public static RecordModelFailure ModelFailure(FailureKind kind, int call = 1, int attempt = 1, decimal lowUsd = 0) =>
        new(call, attempt, Because(kind), Second, LowUsd: lowUsd);

    public static RecordModelCallLost Lost(int call = 1, int attempt = 1) => new(call, attempt, UnknownCause.WorkerLost);

    public static RecordToolResult Result(string toolCallId, string result = "found", int attempt = 1, params Passage[] passages) =>
        new(toolCallId, attempt, result, Truncated: false, Second, passages.Length > 0 ? new("a query", passages) : null);

    public static RecordToolFailure ToolFailure(string toolCallId, FailureKind kind, int attempt = 1) =>
        new(toolCallId, attempt, Because(kind), Second);

    /// <summary>What the tool calls refused the connection.</summary>
    public static RecordToolFailure NotReached(string toolCallId, int attempt = 1) =>
        new(toolCallId, attempt, new(FailureKind.Unavailable, "Connection refused"), Second, HadNoEffect: true);

    /// <summary>The tenant's budget has no room for the call.</summary>
    public static RefuseModelCall Refused(int call = 1, int attempt = 1) =>
        new(call, attempt, new(new(BudgetScope.Tenant, "default", BudgetPeriod.Day), 10m, 9.90m, 0.05m, 0.06m, 0.055m));

    public static Failure Because(FailureKind kind) => new(kind, $"It was {kind}.");

    public static Passage Passage(string id) => new("doc-" + id, 1, id, id + ".md", "Title of " + id, "Text of " + id, 1.0);

    /// <summary>Every report the workers make, for one attempt of a model call and one of a tool call.</summary>
    public static IEnumerable<object> Reports(int call, int attempt, string toolCallId, int toolAttempt) =>
    [
        Reply(call, "words", attempt: attempt), Reply(call, "", attempt: attempt, tools: "search_documents"),
        ModelFailure(FailureKind.RateLimited, call, attempt), ModelFailure(FailureKind.Timeout, call, attempt),
        ModelFailure(FailureKind.Rejected, call, attempt), Lost(call, attempt),
        Result(toolCallId, attempt: toolAttempt), Result(toolCallId, attempt: toolAttempt, passages: Passage("p")),
        ToolFailure(toolCallId, FailureKind.Timeout, toolAttempt), ToolFailure(toolCallId, FailureKind.ToolError, toolAttempt),
        ToolFailure(toolCallId, FailureKind.OutcomeUnknown, toolAttempt),
    ];

    public static Decision Decide(Run run, AgentDefinition agent, object message) => message switch
    {
        StartRun m => RunDecider.Decide(run, agent, m),
        PauseRun m => RunDecider.Decide(run, agent, m),
        ResumeRun m => RunDecider.Decide(run, agent, m),
        CancelRun m => RunDecider.Decide(run, agent, m),
        ExpireApprovals m => RunDecider.Decide(run, agent, m),
        EndWait m => RunDecider.Decide(run, agent, m),
        SendSignal m => RunDecider.Decide(run, agent, m),
        ChangeRunBudget m => RunDecider.Decide(run, agent, m),
        GoOnWithinBudget m => RunDecider.Decide(run, agent, m),
        ResolveSpend m => RunDecider.Decide(run, agent, m),
        RefuseModelCall m => RunDecider.Decide(run, agent, m),
        ExpireRun m => RunDecider.Decide(run, agent, m),
        ApproveToolCall m => RunDecider.Decide(run, agent, m),
        DenyToolCall m => RunDecider.Decide(run, agent, m),
        ResolveToolCall m => RunDecider.Decide(run, agent, m),
        RecordModelReply m => RunDecider.Decide(run, agent, m),
        RecordModelFailure m => RunDecider.Decide(run, agent, m),
        RecordModelCallLost m => RunDecider.Decide(run, agent, m),
        RecordToolResult m => RunDecider.Decide(run, agent, m),
        RecordToolFailure m => RunDecider.Decide(run, agent, m),
        RecordChildWanted m => RunDecider.Decide(run, agent, m),
        HoldForFork m => RunDecider.Decide(run, agent, m),
        RecordForkEnded m => RunDecider.Decide(run, agent, m),
        _ => throw new ArgumentException($"Nobody decides on {message.GetType().Name}.", nameof(message)),
    };
}

/// <summary>A run as its history tells it.</summary>
/// <param name="News">The facts that followed from what happened last.</param>
/// <param name="Work">The work owed after what happened last.</param>
sealed record Story(AgentDefinition Agent, Run Run, ImmutableList<RunEvent> History, IReadOnlyList<RunEvent> News, IReadOnlyList<Work> Work)
{
    public static Story Of(AgentDefinition agent, params RunEvent[] history) =>
        new(agent, history.Aggregate(Run.Before(A.Id), Run.Evolve), [.. history], history, []);

    public Story When(object happens)
    {
        var decision = A.Decide(Run, Agent, happens);
        return this with { Run = decision.Run, History = History.AddRange(decision.Events), News = decision.Events, Work = [.. decision.Work()] };
    }

    public Story When(params object[] happen) => happen.Aggregate(this, (story, happens) => story.When(happens));

    /// <summary>A worker claims the model call that is scheduled.</summary>
    public Story Claimed(decimal? reservedUsd = 0.05m, string worker = "w1")
    {
        var call = Run.ModelCall ?? throw new InvalidOperationException("No model call is scheduled.");
        var started = new ModelCallStarted(call.Call, call.Number, worker, "hash", reservedUsd is null ? null : "2026-11", reservedUsd);
        return Took(Claim.On(Run, new CallModel(Run.Id, call.Call, call.Number), started, ownerIsGone: false));
    }

    /// <summary>A worker claims a tool call that must not run twice.</summary>
    public Story ClaimedTool(string toolCallId, string worker = "w1")
    {
        var attempt = Run.ToolCalls[toolCallId].Attempt;
        return Took(Claim.On(Run, new RunTool(Run.Id, toolCallId, attempt), new ToolCallStarted(toolCallId, attempt, worker), ownerIsGone: false));
    }

    /// <summary>The model's call is claimed and answered.</summary>
    public Story Answered(string text, decimal? usd = 0.01m, params string[] tools) =>
        Claimed(reservedUsd: usd).When(A.Reply(Run.ModelCall!.Call, text, usd, Run.ModelCall.Number, tools));

    Story Took(Claim claim)
    {
        var started = Assert.IsType<Claim.Taken>(claim).Started;
        return this with { Run = Run.Evolve(Run, started), History = History.Add(started), News = [started], Work = [] };
    }
}

static class Facts
{
    /// <summary>The names of the facts, in order.</summary>
    public static IEnumerable<string> Names(this IEnumerable<RunEvent> facts) => facts.Select(fact => fact.GetType().Name);

    public static T Only<T>(this IEnumerable<RunEvent> facts) where T : RunEvent => Assert.Single(facts.OfType<T>());
}
