using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Runs that continue others.</summary>
public sealed class ForkTests
{
    static readonly Guid Fork = new("0199a0c4-0000-7000-8000-00000000000f");

    /// <summary>A fork of the story, as it begins when it is given a slot.</summary>
    static Story Begun(Story origin, long? version = null)
    {
        var (at, run) = Forking.PointAt(A.Id, origin.History, origin.Agent, version)!.Value;
        return Story.Of(origin.Agent, A.Question(origin.Agent) with { ForkedFrom = new(A.Id, at) },
            Forking.StateOf(run, origin.History.Take((int)at), origin.Agent, "another try")).When(new StartRun("w1"));
    }

    static long PointOf(Story origin, long? version = null) => Forking.PointAt(A.Id, origin.History, origin.Agent, version)!.Value.Version;

    [Fact]
    public void A_completed_run_is_continued_before_its_last_reply()
    {
        var done = A.Calling(A.Assistant).When(A.Reply(1, "Done."));
        Assert.Equal(RunStatus.Completed, done.Run.Status);

        Assert.IsType<ModelCallStarted>(done.History[(int)PointOf(done) - 1]);
        var fork = Begun(done);
        Assert.Equal(["RunStarted", "ModelCallScheduled"], fork.News.Names());
        Assert.Equal((1, 1), (fork.Run.ModelCall!.Call, fork.Run.ModelCall.Number));
    }

    [Fact]
    public void A_run_that_was_ended_is_continued_from_where_it_stood_then()
    {
        foreach (var end in new object[] { new CancelRun("ada", "enough"), new ExpireRun() })
        {
            var ended = A.Asking("search_documents").When(A.Result("c0001t001")).Claimed().When(end).When(A.Lost(2, 1));

            Assert.IsType<ModelCallStarted>(ended.History[(int)PointOf(ended) - 1]);
            Assert.Equal((2, 1), (Begun(ended).Run.ModelCall!.Call, Begun(ended).Run.ModelCall!.Number));
        }
    }

    [Fact]
    public void A_parked_run_is_continued_with_a_full_round_of_attempts()
    {
        var parked = A.Calling(A.Assistant).When(A.ModelFailure(FailureKind.Rejected));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        Assert.Equal(parked.History.Count, PointOf(parked));
        Assert.Equal((1, 1), (Begun(parked).Run.ModelCall!.Call, Begun(parked).Run.ModelCall!.Number));
    }

    [Fact]
    public void A_run_that_used_up_its_calls_is_continued_with_as_many_again()
    {
        var story = A.Calling(A.Assistant);
        for (var call = 1; story.Run.Status is RunStatus.Running; call++)
        {
            story = story.When(A.Reply(call, "", tools: "search_documents"), A.Result(ToolCallIds.OfModelCall(call, 1)));
            if (story.Run.Status is RunStatus.Running) story = story.Claimed();
        }

        Assert.Equal(FailureKind.CallLimit, story.History.Only<RunFailed>().Failure.Kind);
        Assert.Equal(story.Run.ModelCalls + 1, Begun(story).Run.ModelCall!.Call);
    }

    [Fact]
    public void A_fork_knows_which_calls_of_completed_steps_may_have_had_their_effect_and_so_does_a_fork_of_it()
    {
        var parked = A.Calling(A.Mailer).When(A.Reply(1, "one")).When(new ApproveToolCall("s0001t001", "ada")).ClaimedTool("s0001t001")
            .When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));
        var gone = parked.When(new ResumeRun("ada", "go on"));
        Assert.Equal(2, gone.Run.Step);

        var fork = Begun(gone);

        Assert.Equal([new(1, "s0001t001")], fork.History.Only<StateInherited>().Doubts!);
        Assert.Equal([new(1, "s0001t001")], Begun(fork).History.Only<StateInherited>().Doubts!);
        Assert.Null(Begun(gone, version: 3).History.Only<StateInherited>().Doubts);
    }

    [Fact]
    public void Results_are_taken_over_and_what_had_none_is_asked_for_anew()
    {
        var asking = A.Asking("search_documents", "open_ticket", "send_mail").When(A.Result("c0001t001"));

        var fork = Begun(asking);

        Assert.Equal(["RunStarted", "ToolCallRequested", "ToolCallRequested"], fork.News.Names());
        Assert.Equal([new RunTool(A.Id, "c0001t002", 1)], fork.Work.Select(work => work.Message));
        Assert.Equal(ToolCallStatus.AwaitingApproval, fork.Run.ToolCalls["c0001t003"].Status);
        Assert.Equal(["ToolCallDenied"],
            fork.When(A.Result("c0001t002")).When(new DenyToolCall("c0001t003", "ada", "no")).History.OfType<ToolCallDenied>().Names());
    }

    [Fact]
    public void An_approval_is_given_to_one_run_and_not_to_its_forks()
    {
        var approved = A.Asking("send_mail").When(new ApproveToolCall("c0001t001", "ada"));

        Assert.Equal(ToolCallStatus.AwaitingApproval, Begun(approved).Run.ToolCalls["c0001t001"].Status);
    }

    [Fact]
    public void What_waits_in_a_fork_that_has_not_begun_cannot_be_approved()
    {
        var history = A.Asking("send_mail").History;
        var (_, run) = Forking.PointAt(A.Id, history, A.Assistant, null)!.Value;
        var queued = Story.Of(A.Assistant, A.Question(A.Assistant), Forking.StateOf(run, history, A.Assistant, ""));

        Assert.Null(Forking.UnsafeToolUnderWay(queued.Run, _ => false)); // and nothing of it is under way
        Assert.Empty(queued.When(new ApproveToolCall("c0001t001", "ada")).News);
        Assert.Empty(queued.When(A.Result("c0001t001")).News);
    }

    [Fact]
    public void A_tool_step_of_which_nothing_came_begins_anew()
    {
        var denied = A.Calling(A.Mailer).When(A.Reply(1, "Dear all"), new DenyToolCall("s0001t001", "ada", "no"));
        Assert.Equal(RunStatus.Failed, denied.Run.Status);

        Assert.Equal(["RunStarted", "ToolCallRequested"], Begun(denied).News.Names());
        Assert.Equal(denied.History.Only<ToolCallRequested>(), Begun(denied).News.Only<ToolCallRequested>());
    }

    [Fact]
    public void The_model_of_a_fork_is_told_what_the_model_of_the_run_was_told()
    {
        var searched = A.Searching("one\ntwo").When(A.Result("s0001t001", passages: A.Passage("a")), A.Result("s0001t002", passages: A.Passage("b")));
        var (at, _) = Forking.PointAt(A.Id, searched.History, A.Research, null)!.Value;
        var fork = Begun(searched);

        var told = Conversation.Of([fork.History[0], .. searched.History.Take((int)at).Skip(1), .. fork.History.Skip(1)], passagesPerStep: 12);

        Assert.Equivalent(Conversation.Of(searched.History, passagesPerStep: 12), told, strict: true);
    }

    [Fact]
    public void A_tool_that_is_asked_for_anew_stands_once_in_what_the_model_is_told()
    {
        var asking = A.Asking("search_documents");
        var fork = Begun(asking).When(A.Result("c0001t001"));

        var turns = Conversation.Of([fork.History[0], .. asking.History.Skip(1), .. fork.History.Skip(1)], passagesPerStep: 12).Turns;

        Assert.Single(turns.OfType<Turn.Model>().Single().ToolUses);
        Assert.Single(turns.OfType<Turn.Tool>());
    }

    [Fact]
    public void A_history_in_which_the_first_attempt_was_scheduled_by_a_fact_of_its_own_means_the_same()
    {
        var asking = A.Asking("search_documents", "open_ticket");
        var older = asking.History.SelectMany(fact => fact is ToolCallRequested { NeedsApproval: false } asked
            ? new RunEvent[] { asked, new ToolCallScheduled(asked.ToolCallId, 1, TimeSpan.Zero) }
            : [fact]).ToList();

        var story = Story.Of(asking.Agent, [.. older]);

        Assert.Equal(asking.Run.ToolCalls, story.Run.ToolCalls);
        Assert.Equal(Work.OwedBy(asking.Run), Work.OwedBy(story.Run));
        Assert.Equal(older.Count, Forking.PointAt(A.Id, older, asking.Agent, version: null)!.Value.Version);
        Assert.Equal(older.FindIndex(fact => fact is ModelCallCompleted), Forking.PointAt(A.Id, older, asking.Agent, older.Count - 1)!.Value.Version);
    }

    [Fact]
    public void A_version_in_the_middle_of_what_happened_at_once_means_the_one_before_it()
    {
        var asking = A.Asking("search_documents", "open_ticket");
        var reply = asking.History.FindIndex(fact => fact is ModelCallCompleted) + 1;

        Assert.Equal([reply - 1, reply - 1, reply + 2], Enumerable.Range(reply, 3).Select(version => (int)PointOf(asking, version)));
    }

    [Fact]
    public void A_fork_is_continued_only_from_what_it_has_inherited_on()
    {
        var fork = Begun(A.Asking("search_documents"));

        Assert.Null(Forking.PointAt(A.Id, fork.History, fork.Agent, 1));
        Assert.Equal(2, PointOf(fork, 2));
    }

    [Fact]
    public void Nothing_that_was_bought_counts_in_a_fork_but_it_is_known()
    {
        var origin = A.Asking("search_documents").When(A.Result("c0001t001")).Claimed().When(A.Lost(2, 1));
        var fork = Begun(origin);

        Assert.Equal((0m, 0L, 0.01m), (fork.Run.CommittedUsd(), fork.Run.Usage.Total(), fork.Run.InheritedUsd));

        var again = Begun(fork.Answered("", 0.02m, "search_documents"));
        Assert.Equal((0m, 0.03m), (again.Run.CostUsd, again.Run.InheritedUsd));
    }

    [Fact]
    public void A_call_that_must_not_run_twice_and_has_no_known_outcome_is_named()
    {
        var claimed = A.Asking("open_ticket").ClaimedTool("c0001t001").Run;
        var unknown = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.OutcomeUnknown)).Run;
        var scheduled = A.Asking("open_ticket").Run;
        var done = A.Asking("open_ticket", "search_documents").ClaimedTool("c0001t001").When(A.Result("c0001t001")).Run;

        Assert.Equal(["open_ticket", "open_ticket", "open_ticket", null],
            new[] { claimed, unknown, scheduled, done }.Select(run => Forking.UnsafeToolUnderWay(run, tool => tool != "open_ticket")));
        Assert.Null(Forking.UnsafeToolUnderWay(scheduled, _ => true));
        Assert.Null(Forking.UnsafeToolUnderWay(A.Asking("send_mail").Run, tool => tool != "send_mail")); // it waits for a person
    }

    [Fact]
    public void Forks_and_the_run_together_never_may_spend_more_than_its_budget()
    {
        var half = A.Calling(A.Assistant with { Limits = A.Assistant.Limits with { CostUsd = 5 } });
        half = half with { Run = half.Run with { BudgetUsd = 1 } };

        var held = half.When(new HoldForFork(Fork, null, []));
        Assert.Equal(0.475m, held.News.Only<ForkStarted>().HeldUsd); // 0.05 are reserved by the call in flight
        Assert.Empty(held.When(new HoldForFork(Guid.NewGuid(), 0.5m, [])).News);

        var all = held.When(new HoldForFork(Guid.NewGuid(), 0.475m, []));
        Assert.Equal(0, RunDecider.LeftForForks(all.Run, all.Agent));
        Assert.Empty(all.When(new HoldForFork(Guid.NewGuid(), null, [])).News);
    }

    [Fact]
    public void What_a_fork_did_not_spend_is_given_back_once_and_the_run_goes_on_with_it()
    {
        var run = A.Started(A.Assistant, budgetUsd: 0.10m).When(new HoldForFork(Fork, 0.09m, []));
        var parked = run.When(new RefuseModelCall(1, 1, new(BudgetName.Of(A.Id), 0.10m, 0.09m, 0, 0.05m, 0.02m)));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        var ended = parked.When(new RecordForkEnded(Fork, 0.01m));
        Assert.Equal("ForkEnded", ended.News.Names().First());
        Assert.Equal((RunStatus.Running, 0.01m), (ended.Run.Status, ended.Run.CommittedUsd()));
        Assert.Empty(ended.When(new RecordForkEnded(Fork, 0.01m)).News);

        var next = run.When(new HoldForFork(Guid.NewGuid(), 0.05m, [new(Fork, 0.01m), new(Guid.NewGuid(), 1)]));
        Assert.Equal(["ForkEnded", "ForkStarted"], next.News.Names());
    }

    [Fact]
    public void What_a_fork_left_over_lets_the_run_go_on_also_when_another_fork_is_the_one_to_tell()
    {
        var parked = A.Started(A.Assistant, budgetUsd: 0.10m).When(new HoldForFork(Fork, 0.09m, []))
            .When(new RefuseModelCall(1, 1, new(BudgetName.Of(A.Id), 0.10m, 0.09m, 0, 0.05m, 0.02m)));

        Assert.Equal(
            ["ForkEnded", "ForkStarted", "RunResumed"], parked.When(new HoldForFork(Guid.NewGuid(), 0.05m, [new(Fork, 0.01m)])).News.Names());
        Assert.Equal(["ForkEnded", "ForkStarted"], parked.When(new HoldForFork(Guid.NewGuid(), 0.08m, [new(Fork, 0.01m)])).News.Names());
        Assert.Equal(["ForkEnded", "RunResumed"], parked.When(new HoldForFork(Guid.NewGuid(), 0.5m, [new(Fork, 0.01m)])).News.Names());
    }

    [Fact]
    public void A_run_without_a_budget_of_its_own_holds_nothing_for_forks() =>
        Assert.Empty(A.Started(A.Assistant).When(new HoldForFork(Fork, 5, [])).News);

    [Fact]
    public void A_fork_with_a_budget_tells_its_root_when_it_ends()
    {
        var root = new Guid("0199a0c4-0000-7000-8000-00000000000c");
        var fork = Story.Of(A.Assistant, A.Question(A.Assistant, budgetUsd: 0.5m) with { ForkedFrom = new(A.Id, 3, root) });
        var free = Story.Of(A.Assistant, A.Question(A.Assistant) with { ForkedFrom = new(A.Id, 3, root) });

        Assert.Equal(root, fork.Run.Root());
        Assert.Equal([new SettleFork(root, A.Id)], fork.When(new CancelRun("ada", "enough")).Work.Select(work => work.Message));
        Assert.Empty(free.When(new CancelRun("ada", "enough")).Work);
    }

    [Fact]
    public void A_finished_run_can_still_be_drawn_on()
    {
        var done = A.Started(A.Assistant, budgetUsd: 0.10m).Answered("Done.", 0.04m);

        var held = done.When(new HoldForFork(Fork, null, []));

        Assert.Equal((RunStatus.Completed, 0.06m), (held.Run.Status, held.News.Only<ForkStarted>().HeldUsd));
        Assert.Empty(held.Work);
    }
}
