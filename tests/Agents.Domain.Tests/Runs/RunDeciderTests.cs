using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class RunDeciderTests
{
    [Fact]
    public void A_queued_run_starts_its_first_step_and_its_first_model_call()
    {
        var started = A.Queued(A.Research).When(new StartRun("w1"));

        Assert.Equal([new RunStarted("w1"), new StepStarted(0, "plan"), new ModelCallScheduled(1, 1, 0, "small", TimeSpan.Zero)], started.News);
        Assert.Equal([new Work(new CallModel(A.Id, 1, 1), TimeSpan.Zero)], started.Work);
    }

    [Fact]
    public void Starting_twice_changes_nothing() => Assert.Empty(A.Started(A.Research).When(new StartRun("w2")).News);

    [Fact]
    public void A_research_run_takes_its_five_steps_and_answers()
    {
        var found = A.Searching("one\ntwo").When(A.Result("s0001t001"), A.Result("s0001t002"));
        var answered = found.Answered("these matter").Answered("a draft").Answered("It is retrieval [1].");

        Assert.Equal(["plan", "search", "analyze", "synthesize", "respond"], answered.History.OfType<StepStarted>().Select(step => step.Name));
        Assert.Equal([0, 1, 2, 3, 4], answered.History.OfType<StepCompleted>().Select(step => step.Step));
        Assert.Equal("It is retrieval [1].", answered.News.Only<RunCompleted>().Answer);
        Assert.Equal(RunStatus.Completed, answered.Run.Status);
        Assert.Equal(0.04m, answered.Run.CostUsd);
        Assert.Equal(new(400, 80), answered.Run.Usage);
    }

    [Fact]
    public void A_step_calls_its_own_model_or_else_the_runs() =>
        Assert.Equal(["small", "small", "small", "large"], A.Searching("one").When(A.Result("s0001t001"))
            .Answered("matter").Answered("draft").History.OfType<ModelCallScheduled>().Select(call => call.Model));

    [Fact]
    public void Only_an_output_that_is_read_later_is_kept()
    {
        var answered = A.Searching("one").When(A.Result("s0001t001")).Answered("matter");

        Assert.Equal([true, false, false], answered.History.OfType<StepCompleted>().Select(step => step.IsReadLater));
        Assert.Equal("one", Assert.Single(answered.Run.Outputs).Value);
    }

    [Fact]
    public void The_next_model_call_waits_for_every_tool()
    {
        var asked = A.Asking("search_documents", "search_documents");
        Assert.Equal(
            ["ModelCallCompleted", "ToolCallRequested", "ToolCallRequested"], asked.News.Names());
        Assert.Equal([new RunTool(A.Id, "c0001t001", 1), new RunTool(A.Id, "c0001t002", 1)], asked.Work.Select(work => work.Message));

        var one = asked.When(A.Result("c0001t002"));
        Assert.Equal(["ToolCallCompleted"], one.News.Names());

        var both = one.When(A.Result("c0001t001"));
        Assert.Equal(["ToolCallCompleted", "ModelCallScheduled"], both.News.Names());
        Assert.Equal(2, both.News.Only<ModelCallScheduled>().Call);
    }

    [Fact]
    public void A_retried_tool_keeps_the_next_model_call_waiting()
    {
        var failed = A.Asking("search_documents", "search_documents").When(A.Result("c0001t001"), A.ToolFailure("c0001t002", FailureKind.Timeout));

        Assert.Equal(["ToolCallFailed", "ToolCallScheduled"], failed.News.Names());
        Assert.Equal(["ToolCallCompleted", "ModelCallScheduled"], failed.When(A.Result("c0001t002", attempt: 2)).News.Names());
    }

    [Fact]
    public void A_reply_that_comes_twice_counts_once()
    {
        var once = A.Calling(A.Research).When(A.Reply(1, "one"));

        Assert.Empty(once.When(A.Reply(1, "one")).News);
        Assert.Equal(0.01m, once.Run.CostUsd);
    }

    [Fact]
    public void A_report_on_a_call_nobody_claimed_changes_nothing()
    {
        var scheduled = A.Started(A.Assistant);

        foreach (var report in A.Reports(1, 1, "c0001t001", 1)) Assert.Empty(scheduled.When(report).News);
    }

    [Fact]
    public void Every_report_that_comes_twice_counts_once()
    {
        var stories = new[] { A.Calling(A.Assistant), A.Asking("search_documents"), A.Asking("search_documents").ClaimedTool("c0001t001") };
        foreach (var story in stories)
            foreach (var report in A.Reports(1, 1, "c0001t001", 1))
                Assert.Empty(story.When(report).When(report).News);
    }

    [Fact]
    public void A_report_on_another_attempt_changes_nothing()
    {
        var calling = A.Calling(A.Assistant).When(A.ModelFailure(FailureKind.Unavailable)).Claimed(); // attempt 2
        var asking = A.Asking("search_documents").When(A.ToolFailure("c0001t001", FailureKind.Unavailable)); // attempt 2
        foreach (var stale in new[] { 0, 1, 3 })
            foreach (var report in A.Reports(1, stale, "c0001t001", stale))
            {
                Assert.Empty(calling.When(report).News);
                Assert.Empty(asking.When(report).News);
            }
    }

    [Fact]
    public void A_report_on_another_call_changes_nothing()
    {
        var second = A.Asking("search_documents").When(A.Result("c0001t001")).Claimed();

        foreach (var report in A.Reports(1, 1, "c0001t001", 1).Concat(A.Reports(3, 1, "c0002t001", 1))) Assert.Empty(second.When(report).News);
    }

    [Fact]
    public void A_finished_run_changes_by_nothing_but_the_outcome_of_what_was_in_flight()
    {
        var answered = A.Calling(A.Assistant).When(A.Reply(1, "42"));
        var cancelled = A.Asking("search_documents", "send_mail").When(new CancelRun("ada", "enough"));
        var commands = new object[]
        {
            new StartRun("w2"), new PauseRun("ada", ""), new ResumeRun("ada", ""), new CancelRun("ada", "again"), new ExpireRun(),
            new ApproveToolCall("c0001t002", "ada"), new DenyToolCall("c0001t002", "ada", "no"),
        };

        foreach (var message in commands.Concat(A.Reports(1, 1, "c0001t001", 1)))
        {
            Assert.Empty(answered.When(message).News);
            Assert.Empty(cancelled.When(message).News);
        }
    }

    [Fact]
    public void A_transient_failure_is_tried_again()
    {
        foreach (var kind in new[] { FailureKind.RateLimited, FailureKind.Unavailable, FailureKind.Timeout, FailureKind.StreamCut })
        {
            var failed = A.Calling(A.Research).When(A.ModelFailure(kind));
            var again = failed.News.Only<ModelCallScheduled>();

            Assert.Equal((1, 2), (again.Call, again.Attempt));
            Assert.InRange(again.Delay, TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1));
            Assert.Equal(new Work(new CallModel(A.Id, 1, 2), again.Delay), Assert.Single(failed.Work));
        }
    }

    [Fact]
    public void A_call_that_keeps_failing_parks_the_run_after_its_last_attempt()
    {
        var story = A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unavailable)).Claimed()
            .When(A.ModelFailure(FailureKind.Unavailable, attempt: 2));
        Assert.Equal(3, story.News.Only<ModelCallScheduled>().Attempt);

        var parked = story.Claimed().When(A.ModelFailure(FailureKind.Unavailable, attempt: 3));
        Assert.Equal(["ModelCallFailed", "RunParked"], parked.News.Names());
        Assert.Equal(A.Because(FailureKind.Unavailable), parked.News.Only<RunParked>().Failure);
        Assert.Empty(parked.Work);
    }

    [Theory, InlineData(FailureKind.Rejected), InlineData(FailureKind.Unauthorized)]
    public void A_refused_call_is_not_tried_again(FailureKind kind) =>
        Assert.Equal(["ModelCallFailed", "RunParked"], A.Calling(A.Research).When(A.ModelFailure(kind)).News.Names());

    [Fact]
    public void A_tool_that_fails_for_good_is_told_to_the_model()
    {
        var story = A.Asking("search_documents").When(A.ToolFailure("c0001t001", FailureKind.ToolError));

        Assert.Equal(["ToolCallFailed", "ModelCallScheduled"], story.News.Names());
    }

    [Fact]
    public void A_tool_that_keeps_failing_is_told_to_the_model_after_its_last_attempt()
    {
        var story = A.Asking("search_documents").When(
            A.ToolFailure("c0001t001", FailureKind.Timeout, 1), A.ToolFailure("c0001t001", FailureKind.Timeout, 2));
        Assert.Equal(3, story.News.Only<ToolCallScheduled>().Attempt);

        Assert.Equal(["ToolCallFailed", "ModelCallScheduled"], story.When(A.ToolFailure("c0001t001", FailureKind.Timeout, 3)).News.Names());
    }

    [Fact]
    public void An_unknown_tool_fails_at_once()
    {
        var asked = A.Asking("rm_rf");

        Assert.Equal(["ModelCallCompleted", "ToolCallRequested", "ToolCallFailed", "ModelCallScheduled"], asked.News.Names());
        Assert.DoesNotContain(asked.Work, work => work.Message is RunTool);
        Assert.Equal((FailureKind.UnknownTool, 0), (asked.News.Only<ToolCallFailed>().Failure.Kind, asked.News.Only<ToolCallFailed>().Attempt));
    }

    [Fact]
    public void Of_too_many_tools_in_one_turn_the_last_are_refused()
    {
        var asked = A.Asking([.. Enumerable.Repeat("search_documents", 6)]);

        Assert.Equal(4, asked.Work.Count);
        Assert.All(asked.News.OfType<ToolCallFailed>(), refused => Assert.Equal(FailureKind.CallLimit, refused.Failure.Kind));
        Assert.Equal(["c0001t005", "c0001t006"], asked.News.OfType<ToolCallFailed>().Select(refused => refused.ToolCallId));
    }

    [Fact]
    public void A_step_over_its_model_calls_fails_the_run()
    {
        var story = A.Asking("search_documents").When(A.Result("c0001t001"))
            .Answered("", tools: "search_documents").When(A.Result("c0002t001"))
            .Answered("", tools: "search_documents").When(A.Result("c0003t001"));

        Assert.Equal(FailureKind.CallLimit, story.News.Only<RunFailed>().Failure.Kind);
        Assert.Empty(story.News.OfType<ModelCallScheduled>());
    }

    [Fact]
    public void Retries_do_not_count_as_model_calls_of_the_step()
    {
        var story = A.Started(A.Assistant with { Limits = A.Assistant.Limits with { ModelCallsPerStep = 1 } }).Claimed();

        Assert.Equal(2, story.When(A.ModelFailure(FailureKind.RateLimited)).News.Only<ModelCallScheduled>().Attempt);
    }

    [Fact]
    public void An_approval_counts_once()
    {
        var asked = A.Asking("send_mail");
        Assert.Equal(["ModelCallCompleted", "ToolCallRequested"], asked.News.Names());
        Assert.Empty(asked.Work);

        var approved = asked.When(new ApproveToolCall("c0001t001", "ada"));
        Assert.Equal([new ToolCallApproved("c0001t001", "ada"), new ToolCallScheduled("c0001t001", 1, TimeSpan.Zero)], approved.News);
        Assert.Empty(approved.When(new ApproveToolCall("c0001t001", "bob")).News);
        Assert.Empty(approved.When(new DenyToolCall("c0001t001", "bob", "no")).News);
        Assert.Empty(approved.When(A.Result("c0001t001")).When(new ApproveToolCall("c0001t001", "bob")).News);
    }

    [Fact]
    public void A_denied_tool_is_told_to_the_model_and_never_run()
    {
        var denied = A.Asking("send_mail", "search_documents").When(new DenyToolCall("c0001t001", "ada", "too blunt"));
        Assert.Equal([new ToolCallDenied("c0001t001", "ada", "too blunt")], denied.News);
        Assert.Empty(denied.When(new ApproveToolCall("c0001t001", "bob")).News);

        Assert.Equal(["ToolCallCompleted", "ModelCallScheduled"], denied.When(A.Result("c0001t002")).News.Names());
        Assert.DoesNotContain(new ToolCallScheduled("c0001t001", 1, TimeSpan.Zero), denied.History);
    }

    [Fact]
    public void What_nobody_answers_in_time_is_denied_and_what_was_answered_is_not()
    {
        var denied = A.Asking("send_mail", "send_mail", "search_documents").When(new ApproveToolCall("c0001t001", "ada"), new ExpireApprovals());
        Assert.Equal([new ToolCallDenied("c0001t002", "system", "Nobody answered in time.")], denied.News);
        Assert.Empty(denied.When(new ExpireApprovals()).News);
        Assert.Empty(A.Asking("send_mail").When(new PauseRun("ada", "look"), new ExpireApprovals()).News);
    }

    [Fact]
    public void A_request_says_how_long_it_waits_for_approval()
    {
        var hasty = A.Assistant with { Limits = A.Assistant.Limits with { ApprovalWithin = TimeSpan.FromMinutes(5) } };
        var asked = A.Calling(hasty).When(A.Reply(1, "", tools: ["send_mail", "search_documents"]));

        Assert.Equal([TimeSpan.FromMinutes(5), null], asked.News.OfType<ToolCallRequested>().Select(fact => fact.ApprovalWithin));
    }

    [Fact]
    public void A_tool_that_waits_for_approval_takes_no_report()
    {
        var asked = A.Asking("send_mail");

        foreach (var attempt in new[] { 0, 1 })
            foreach (var report in A.Reports(2, 1, "c0001t001", attempt)) Assert.Empty(asked.When(report).News);
    }

    [Fact]
    public void An_answer_to_an_approval_nobody_asked_for_changes_nothing()
    {
        var asked = A.Asking("search_documents");

        foreach (var id in new[] { "c0001t001", "c0009t001" })
        {
            Assert.Empty(asked.When(new ApproveToolCall(id, "ada")).News);
            Assert.Empty(asked.When(new DenyToolCall(id, "ada", "no")).News);
        }
    }

    [Fact]
    public void An_unsafe_tool_whose_outcome_is_unknown_waits_for_a_person()
    {
        var lost = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(["ToolCallFailed", "RunParked"], lost.News.Names());

        var resumed = lost.When(new ResumeRun("ada", "looked: there is no ticket"));
        Assert.Equal(["RunResumed", "ModelCallScheduled"], resumed.News.Names());
        Assert.Single(resumed.History.OfType<ToolCallRequested>()); // which was its schedule
        Assert.Empty(resumed.History.OfType<ToolCallScheduled>());
    }

    [Theory, InlineData(FailureKind.Timeout), InlineData(FailureKind.Unavailable), InlineData(FailureKind.StreamCut),
        InlineData(FailureKind.WorkerLost)]
    public void An_unsafe_tool_that_may_have_had_its_effect_is_not_tried_again(FailureKind kind)
    {
        var failed = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", kind));

        Assert.Equal(["ToolCallFailed", "RunParked"], failed.News.Names());
        Assert.Equal(new(FailureKind.OutcomeUnknown, $"It was {kind}."), failed.News.Only<ToolCallFailed>().Failure);
    }

    [Fact]
    public void An_unsafe_tool_that_was_told_to_slow_down_had_no_effect_and_is_tried_again() =>
        Assert.Equal(
            ["ToolCallFailed", "ToolCallScheduled"],
            A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.RateLimited)).News.Names());
}
