using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Runs that are paused, parked, cancelled or out of time.</summary>
public sealed class StandingStillTests
{
    static readonly PauseRun Pause = new("ada", "look");
    static readonly ResumeRun Resume = new("ada", "go on");
    static readonly CancelRun Cancel = new("ada", "enough");

    [Fact]
    public void A_paused_run_keeps_the_reply_that_arrives_and_begins_the_next_step_when_resumed()
    {
        var arrived = A.Calling(A.Research).When(Pause).When(A.Reply(1, "one\ntwo"));
        Assert.Equal(["ModelCallCompleted", "StepCompleted"], arrived.News.Names());
        Assert.Equal(RunStatus.Paused, arrived.Run.Status);
        Assert.Empty(arrived.Work);

        var resumed = arrived.When(Resume);
        Assert.Equal(
            ["RunResumed", "StepStarted", "ToolCallRequested", "ToolCallRequested"], resumed.News.Names());
        Assert.Equal(2, resumed.Work.Count);
    }

    [Fact]
    public void A_paused_run_keeps_a_tools_result_and_calls_the_model_when_resumed()
    {
        var arrived = A.Asking("search_documents").When(Pause).When(A.Result("c0001t001"));
        Assert.Equal(["ToolCallCompleted"], arrived.News.Names());

        Assert.Equal(["RunResumed", "ModelCallScheduled"], arrived.When(Resume).News.Names());
    }

    [Fact]
    public void A_paused_run_keeps_a_failure_and_tries_again_when_resumed()
    {
        var arrived = A.Calling(A.Research).When(Pause).When(A.ModelFailure(FailureKind.Rejected));
        Assert.Equal(["ModelCallFailed"], arrived.News.Names());

        var resumed = arrived.When(Resume);
        Assert.Equal(new ModelCallScheduled(1, 2, 0, "small", TimeSpan.Zero), resumed.News[^1]);
    }

    [Fact]
    public void A_paused_run_whose_tool_fails_tries_it_again_when_resumed()
    {
        var arrived = A.Asking("search_documents").When(Pause).When(A.ToolFailure("c0001t001", FailureKind.Timeout));
        Assert.Equal(["RunResumed"], arrived.When(Resume).News.Names());
        Assert.Equal([new Work(new RunTool(A.Id, "c0001t001", 2), TimeSpan.Zero)], arrived.When(Resume).Work);
    }

    [Fact]
    public void A_paused_run_that_gets_its_last_answer_is_done() =>
        Assert.Equal(RunStatus.Completed, A.Calling(A.Assistant).When(Pause).When(A.Reply(1, "42")).Run.Status);

    [Fact]
    public void Work_that_nobody_may_take_while_paused_is_owed_again_when_resumed()
    {
        var scheduled = A.Started(A.Research).When(Pause).When(Resume);
        Assert.Equal(["RunResumed"], scheduled.News.Names());
        Assert.Equal([new Work(new CallModel(A.Id, 1, 1), TimeSpan.Zero)], scheduled.Work);

        var claimed = A.Calling(A.Research).When(Pause).When(Resume);
        Assert.Equal([new Work(new CallModel(A.Id, 1, 1), TimeSpan.Zero)], claimed.Work);

        var asked = A.Asking("search_documents", "open_ticket").ClaimedTool("c0001t002").When(Pause).When(Resume);
        Assert.Equal([new RunTool(A.Id, "c0001t001", 1), new RunTool(A.Id, "c0001t002", 1)], asked.Work.Select(work => work.Message));
    }

    [Fact]
    public void A_tool_approved_while_paused_runs_when_resumed()
    {
        var approved = A.Asking("send_mail").When(Pause).When(new ApproveToolCall("c0001t001", "ada"));

        Assert.Equal([new Work(new RunTool(A.Id, "c0001t001", 1), TimeSpan.Zero)], approved.When(Resume).Work);
    }

    [Fact]
    public void An_approval_outlives_a_pause()
    {
        var resumed = A.Asking("send_mail").When(Pause).When(Resume);
        Assert.Equal(["RunResumed"], resumed.News.Names());
        Assert.Empty(resumed.Work);

        Assert.Equal(["ToolCallApproved", "ToolCallScheduled"], resumed.When(new ApproveToolCall("c0001t001", "ada")).News.Names());
    }

    [Fact]
    public void Only_a_running_run_can_be_paused_and_only_once()
    {
        Assert.Empty(A.Queued(A.Research).When(Pause).News);
        Assert.Empty(A.Calling(A.Research).When(Pause).When(Pause).News);
        Assert.Empty(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Rejected)).When(Pause).News);
    }

    [Fact]
    public void Only_a_run_that_stands_still_can_be_resumed()
    {
        Assert.Empty(A.Queued(A.Research).When(Resume).News);
        Assert.Empty(A.Calling(A.Research).When(Resume).News);
        Assert.Empty(A.Calling(A.Research).When(Pause, Resume, Resume).News);
    }

    [Fact]
    public void A_parked_run_resumes_with_a_fresh_round_of_attempts()
    {
        var parked = Exhausted(A.Calling(A.Research), firstAttempt: 1);
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        var resumed = parked.When(Resume);
        Assert.Equal([new RunResumed("ada", "go on"), new ModelCallScheduled(1, 4, 0, "small", TimeSpan.Zero)], resumed.News);

        var again = Exhausted(resumed.Claimed(), firstAttempt: 4);
        Assert.Equal(RunStatus.Parked, again.Run.Status);
        Assert.Equal(6, again.History.OfType<ModelCallScheduled>().Count());
        Assert.InRange(again.History.OfType<ModelCallScheduled>().Single(call => call.Attempt == 5).Delay, TimeSpan.FromSeconds(0.75), A.Second);
    }

    [Fact]
    public void Pausing_between_two_attempts_gives_no_attempts_away()
    {
        var story = A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unavailable)).When(Pause, Resume).Claimed()
            .When(A.ModelFailure(FailureKind.Unavailable, attempt: 2)).When(Pause, Resume).Claimed();

        Assert.Equal(RunStatus.Parked, story.When(A.ModelFailure(FailureKind.Unavailable, attempt: 3)).Run.Status);
    }

    [Fact]
    public void A_reply_that_comes_after_cancelling_is_paid_for_and_starts_nothing()
    {
        var late = A.Calling(A.Assistant).When(Cancel).When(A.Reply(1, "", tools: "search_documents"));

        Assert.Equal(["ModelCallCompleted"], late.News.Names());
        Assert.Equal(0.01m, late.Run.CostUsd);
        Assert.Equal(new(100, 20), late.Run.Usage);
        Assert.Equal(RunStatus.Cancelled, late.Run.Status);
        Assert.Empty(late.Work);
    }

    [Fact]
    public void A_failure_that_comes_after_cancelling_is_recorded_and_starts_nothing()
    {
        Assert.Equal(["ModelCallFailed"], A.Calling(A.Assistant).When(Cancel).When(A.ModelFailure(FailureKind.Unavailable)).News.Names());
        Assert.Equal(["ModelCallOutcomeUnknown"], A.Calling(A.Assistant).When(Cancel).When(A.ModelFailure(FailureKind.Timeout)).News.Names());
    }

    [Fact]
    public void A_worker_lost_after_cancelling_leaves_an_unconfirmed_spend_and_starts_nothing()
    {
        var lost = A.Calling(A.Assistant).When(Cancel).When(new RecordModelCallLost(1, 1, UnknownCause.Cancelled));

        Assert.Equal([new ModelCallOutcomeUnknown(1, 1, UnknownCause.Cancelled, 0, 0.05m)], lost.News);
        Assert.Equal(0.05m, lost.Run.SpentAtMostUsd());
        Assert.Equal(["SpendResolved"], lost.When(A.Reply(1, "late")).News.Names());
    }

    [Fact]
    public void A_cancelled_call_that_nobody_claimed_costs_nothing()
    {
        var cancelled = A.Started(A.Assistant).When(Cancel);

        foreach (var report in A.Reports(1, 1, "c0001t001", 1)) Assert.Empty(cancelled.When(report).News);
    }

    [Fact]
    public void A_claimed_tool_still_reports_after_cancelling_for_it_may_have_had_its_effect()
    {
        var cancelled = A.Asking("open_ticket", "search_documents").ClaimedTool("c0001t001").When(Cancel);

        Assert.Equal(["ToolCallCompleted"], cancelled.When(A.Result("c0001t001")).News.Names());
        Assert.Equal(["ToolCallFailed"], cancelled.When(A.ToolFailure("c0001t001", FailureKind.OutcomeUnknown)).News.Names());
        Assert.Equal(["ToolCallFailed"], cancelled.When(A.ToolFailure("c0001t001", FailureKind.Timeout)).News.Names());
        Assert.Empty(cancelled.When(A.Result("c0001t002")).News); // never claimed, so without effect
    }

    [Fact]
    public void A_run_can_be_cancelled_wherever_it_stands()
    {
        var stories = new[]
        {
            A.Queued(A.Research), A.Started(A.Research), A.Calling(A.Research), A.Searching(), A.Asking("send_mail"),
            A.Calling(A.Research).When(Pause), A.Calling(A.Research).When(A.ModelFailure(FailureKind.Rejected)),
        };

        foreach (var story in stories) Assert.Equal([new RunCancelled("ada", "enough")], story.When(Cancel).News);
    }

    [Fact]
    public void A_run_that_takes_too_long_fails_whether_queued_or_running()
    {
        foreach (var story in new[] { A.Queued(A.Research), A.Calling(A.Research), A.Asking("send_mail") })
            Assert.Equal(FailureKind.Deadline, story.When(new ExpireRun()).News.Only<RunFailed>().Failure.Kind);
    }

    [Fact]
    public void A_run_that_stands_still_does_not_run_out_of_time()
    {
        Assert.Empty(A.Calling(A.Research).When(Pause).When(new ExpireRun()).News);
        Assert.Empty(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Rejected)).When(new ExpireRun()).News);
    }

    [Fact]
    public void A_reply_that_comes_after_the_deadline_is_paid_for() =>
        Assert.Equal(["ModelCallCompleted"], A.Calling(A.Research).When(new ExpireRun()).When(A.Reply(1, "late")).News.Names());

    static Story Exhausted(Story calling, int firstAttempt) => calling
        .When(A.ModelFailure(FailureKind.Unavailable, attempt: firstAttempt)).Claimed()
        .When(A.ModelFailure(FailureKind.Unavailable, attempt: firstAttempt + 1)).Claimed()
        .When(A.ModelFailure(FailureKind.Unavailable, attempt: firstAttempt + 2));
}
