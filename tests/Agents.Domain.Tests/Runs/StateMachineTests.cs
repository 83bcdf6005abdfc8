using System.Reflection;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>The states of a run and the messages it takes in each, as one table.</summary>
public sealed class StateMachineTests
{
    static readonly AgentDefinition Boss = A.Assistant with
    {
        Steps = [new ModelStep("answer", "Help.",
            [new("search_documents"), new("open_ticket"), new("send_mail", NeedsApproval: true), new(ChildOf.Tool, Agents: ["research"])])],
        Limits = A.Assistant.Limits with { CostUsd = 1m },
    };

    static readonly Guid Other = new("0199a0c4-0000-7000-8000-00000000000f");

    /// <summary>What each message does to a run of each status.</summary>
    /// <remarks>
    /// "-": nothing, the message came too early, too late, or twice. "recorded": a fact is kept, and nothing begins. "scheduled": the next call is
    /// scheduled; of a run that stands still it begins when that is resumed. Another word is the status that the run has then. "for budget" is a run
    /// that is parked for its own budget, which has room again.
    /// </remarks>
    const string Approved =
        """
                                                   queued     running    paused     parked     for budget completed  failed     cancelled
        StartRun                                   running    -          -          -          -          -          -          -
        PauseRun                                   -          paused     -          -          -          -          -          -
        ResumeRun                                  -          -          running    running    running    -          -          -
        CancelRun                                  cancelled  cancelled  cancelled  cancelled  cancelled  -          -          -
        ExpireRun                                  failed     failed     -          -          -          -          -          -
        ChangeRunBudget                            recorded   recorded   recorded   recorded   running    -          -          -
        GoOnWithinBudget                           -          -          -          -          running    -          -          -
        HoldForFork                                recorded   recorded   recorded   recorded   running    recorded   recorded   recorded
        RecordForkEnded                            -          recorded   recorded   recorded   running    recorded   recorded   recorded
        RefuseModelCall                            -          parked     -          -          -          -          -          -
        RecordModelReply, that asks for tools      -          scheduled  scheduled  scheduled  scheduled  recorded   recorded   recorded
        RecordModelReply, the answer               -          completed  completed  completed  completed  recorded   recorded   recorded
        RecordModelReply, of an attempt given up   -          recorded   recorded   recorded   running    recorded   recorded   recorded
        RecordModelFailure, that may pass          -          scheduled  recorded   recorded   recorded   recorded   recorded   recorded
        RecordModelFailure, for good               -          parked     recorded   recorded   recorded   recorded   recorded   recorded
        RecordModelFailure, of an attempt given up -          recorded   recorded   recorded   running    recorded   recorded   recorded
        RecordModelCallLost                        -          scheduled  recorded   recorded   recorded   recorded   recorded   recorded
        ResolveSpend                               -          recorded   recorded   recorded   running    recorded   recorded   recorded
        ApproveToolCall                            -          scheduled  scheduled  scheduled  scheduled  -          -          -
        DenyToolCall                               -          scheduled  recorded   recorded   recorded   -          -          -
        ResolveToolCall, with a result             -          recorded   recorded   running    recorded   -          -          -
        ResolveToolCall, without effect            -          recorded   recorded   running    recorded   -          -          -
        ResolveToolCall, to be made again          -          scheduled  scheduled  running    scheduled  -          -          -
        ExpireApprovals                            -          scheduled  -          -          -          -          -          -
        SendSignal                                 recorded   recorded   recorded   recorded   recorded   -          -          -
        EndWait                                    -          recorded   -          -          -          -          -          -
        RecordToolResult                           -          scheduled  recorded   recorded   running    -          -          -
        RecordToolResult, of a claimed call        -          scheduled  recorded   recorded   running    recorded   recorded   recorded
        RecordToolFailure, that may pass           -          scheduled  scheduled  scheduled  running    -          -          -
        RecordToolFailure, for good                -          scheduled  recorded   recorded   running    -          -          -
        RecordToolFailure, of a claimed call       -          parked     recorded   recorded   recorded   recorded   recorded   recorded
        RecordToolFailure, of one never reached    -          scheduled  scheduled  scheduled  running    recorded   recorded   recorded
        RecordChildWanted                          -          recorded   -          -          -          -          -          -
        RecordToolResult, of a child               -          scheduled  recorded   recorded   running    recorded   recorded   recorded
        RecordToolFailure, of a child              -          scheduled  recorded   recorded   running    recorded   recorded   recorded
        """;

    /// <summary>Each kind of message, and a running run that waits for just that message.</summary>
    static readonly (string Name, Story Run, object Message)[] Messages =
    [
        ("StartRun", Calling, new StartRun("w1")),
        ("PauseRun", Calling, new PauseRun("ada", "look")),
        ("ResumeRun", Calling, new ResumeRun("ada", "go on")),
        ("CancelRun", Calling, new CancelRun("ada", "enough")),
        ("ExpireRun", Calling, new ExpireRun()),
        ("ChangeRunBudget", Calling, new ChangeRunBudget(2m, "ada", "more")),
        ("GoOnWithinBudget", Calling, new GoOnWithinBudget()),
        ("HoldForFork", Calling, new HoldForFork(Other, null, [])),
        ("RecordForkEnded", Calling.When(new HoldForFork(Other, null, [])), new RecordForkEnded(Other, 0.01m)),
        ("RefuseModelCall", Started, A.Refused()),
        ("RecordModelReply, that asks for tools", Calling, A.Reply(1, "", tools: "search_documents")),
        ("RecordModelReply, the answer", Calling, A.Reply(1, "42")),
        ("RecordModelReply, of an attempt given up", Calling.When(A.Lost()), A.Reply(1, "late")),
        ("RecordModelFailure, that may pass", Calling, A.ModelFailure(FailureKind.Timeout)),
        ("RecordModelFailure, for good", Calling, A.ModelFailure(FailureKind.Rejected)),
        ("RecordModelFailure, of an attempt given up", Calling.When(A.Lost()), A.ModelFailure(FailureKind.RateLimited)),
        ("RecordModelCallLost", Calling, A.Lost()),
        ("ResolveSpend", Calling.When(A.Lost()), new ResolveSpend(1, 1, 0.01m, SpendSource.Operator, "ada")),
        ("ApproveToolCall", Asking("send_mail"), new ApproveToolCall("c0001t001", "ada")),
        ("DenyToolCall", Asking("send_mail"), new DenyToolCall("c0001t001", "ada", "no")),
        ("ResolveToolCall, with a result", InDoubt, new ResolveToolCall("c0001t001", "T-1", null, "ada", "")),
        ("ResolveToolCall, without effect", InDoubt, new ResolveToolCall("c0001t001", null, "No ticket.", "ada", "")),
        ("ResolveToolCall, to be made again", InDoubt, new ResolveToolCall("c0001t001", null, null, "ada", "")),
        ("ExpireApprovals", Asking("send_mail"), new ExpireApprovals()),
        ("SendSignal", A.Waiting(), A.Signal("approved")),
        ("EndWait", A.Waiting(), new EndWait(1)),
        ("RecordToolResult", Asking("search_documents"), A.Result("c0001t001")),
        ("RecordToolResult, of a claimed call", Asking("open_ticket").ClaimedTool("c0001t001"), A.Result("c0001t001")),
        ("RecordToolFailure, that may pass", Asking("search_documents"), A.ToolFailure("c0001t001", FailureKind.Timeout)),
        ("RecordToolFailure, for good", Asking("search_documents"), A.ToolFailure("c0001t001", FailureKind.ToolError)),
        ("RecordToolFailure, of a claimed call", Asking("open_ticket").ClaimedTool("c0001t001"), A.ToolFailure("c0001t001", FailureKind.Timeout)),
        ("RecordToolFailure, of one never reached", Asking("open_ticket").ClaimedTool("c0001t001"), A.NotReached("c0001t001")),
        ("RecordChildWanted", Asking(ChildOf.Tool), Wanted),
        ("RecordToolResult, of a child", Asking(ChildOf.Tool).When(Wanted), A.Result("c0001t001") with { ChildUsd = 0.01m }),
        ("RecordToolFailure, of a child", Asking(ChildOf.Tool).When(Wanted),
            A.ToolFailure("c0001t001", FailureKind.ToolError) with { ChildUsd = 0.01m }),
    ];

    /// <summary>The statuses, and the fact that brings a running run there. Null where it has not started, or runs.</summary>
    static readonly (string Name, RunEvent? Brought)[] Statuses =
    [
        ("queued", null),
        ("running", null),
        ("paused", new RunPaused("ada", "look")),
        ("parked", new RunParked(A.Because(FailureKind.Unauthorized))),
        ("for budget", new RunParked(A.Because(FailureKind.CostLimit), new(BudgetName.Of(A.Id), 1, 1, 0, 0, 0))),
        ("completed", new RunCompleted("42", [])),
        ("failed", new RunFailed(A.Because(FailureKind.Deadline))),
        ("cancelled", new RunCancelled("ada", "enough")),
    ];

    static Story Queued => A.Queued(Boss, budgetUsd: 1m);

    static Story Started => Queued.When(new StartRun("w1"));

    static Story Calling => Started.Claimed();

    static RecordChildWanted Wanted => new(
        "c0001t001", 1, Other,
        new("research", 1, "hash", "small", "What else?", 5, "ada", TimeSpan.FromMinutes(1), ChildOf: new(A.Id, "c0001t001", 1, A.Id, 1)));

    /// <summary>The run was resumed while it is not known whether its tool had its effect; another tool is under way.</summary>
    static Story InDoubt => Calling.When(A.Reply(1, "", tools: ["open_ticket", "search_documents"])).ClaimedTool("c0001t001")
        .When(A.ToolFailure("c0001t001", FailureKind.OutcomeUnknown)).When(new ResumeRun("ada", "go on"));

    static Story Asking(string tool) => Calling.When(A.Reply(1, "", tools: tool));

    [Fact]
    public void What_each_status_does_with_each_message_is_as_approved()
    {
        var heads = Statuses.Select(status => status.Name);
        var rows = Messages.Select(message =>
            Row(message.Name, Statuses.Select(status => Outcome(Standing(message.Run, status.Name, status.Brought), message.Message))));

        var table = string.Join('\n', rows.Prepend(Row("", heads)));

        Assert.True(Approved.ReplaceLineEndings("\n") == table, $"The table is now:\n{table}");
    }

    [Fact]
    public void The_table_has_every_status_and_every_message_that_the_decider_decides_on()
    {
        var decided = typeof(RunDecider).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .Where(method => method.Name == nameof(RunDecider.Decide)).Select(method => method.GetParameters()[2].ParameterType)
            .Where(message => !message.IsAbstract);

        Assert.Equal(decided.Select(type => type.Name).Order(), Messages.Select(message => message.Message.GetType().Name).Distinct().Order());
        Assert.Equal(Enum.GetValues<RunStatus>(), Statuses.Select(status => Standing(Calling, status.Name, status.Brought).Run.Status).Distinct());
    }

    static Story Standing(Story run, string status, RunEvent? brought) =>
        status == "queued" ? Queued : brought is null ? run : Story.Of(run.Agent, [.. run.History, brought]);

    static string Outcome(Story run, object message)
    {
        var after = run.When(message);
        if (after.News.Count == 0) return "-";
        if (after.Run.Status != run.Run.Status) return after.Run.Status.ToString().ToLowerInvariant();
        return after.Work.Any(work => work.Message is CallModel or RunTool) ? "scheduled" : "recorded";
    }

    static string Row(string name, IEnumerable<string> cells) => $"{name,-43}{string.Concat(cells.Select(cell => $"{cell,-11}"))}".TrimEnd();
}
