using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class ToolStepTests
{
    static readonly ResumeRun Resume = new("ada", "go on");

    [Fact]
    public void Each_line_of_the_plan_is_searched_for_in_parallel()
    {
        var searching = A.Searching("1. one\n2. two");

        Assert.Equal(
            [new("s0001t001", null, "search_documents", """{"query":"one"}""", false),
                new("s0001t002", null, "search_documents", """{"query":"two"}""", false)],
            searching.News.OfType<ToolCallRequested>());
        Assert.Equal([new RunTool(A.Id, "s0001t001", 1), new RunTool(A.Id, "s0001t002", 1)], searching.Work.Select(work => work.Message));
    }

    [Fact]
    public void An_empty_plan_is_one_search_for_the_question() =>
        Assert.Equal("""{"query":"What is RAG?"}""", A.Searching("").News.Only<ToolCallRequested>().Arguments);

    [Fact]
    public void No_more_calls_are_made_than_a_turn_may_have() =>
        Assert.Equal(4, A.Searching("1\n2\n3\n4\n5\n6").Work.Count);

    [Fact]
    public void The_step_ends_when_every_call_has_settled()
    {
        var one = A.Searching().When(A.Result("s0001t002"));
        Assert.Equal(["ToolCallCompleted"], one.News.Names());

        Assert.Equal(["ToolCallCompleted", "StepCompleted", "StepStarted", "ModelCallScheduled"], one.When(A.Result("s0001t001")).News.Names());
    }

    [Fact]
    public void What_was_retrieved_is_recorded_before_the_result_it_belongs_to()
    {
        var found = A.Searching("one").When(A.Result("s0001t001", passages: A.Passage("p")));

        Assert.Equal(["PassagesRetrieved", "ToolCallCompleted", "StepCompleted", "StepStarted", "ModelCallScheduled"], found.News.Names());
        Assert.Equal("a query", found.News.Only<PassagesRetrieved>().Query);
    }

    [Fact]
    public void The_step_goes_on_with_what_was_found_when_some_calls_fail()
    {
        var failed = A.Searching().When(A.ToolFailure("s0001t001", FailureKind.ToolError));
        Assert.Equal(["ToolCallFailed"], failed.News.Names());

        Assert.Equal(["ToolCallCompleted", "StepCompleted", "StepStarted", "ModelCallScheduled"], failed.When(A.Result("s0001t002")).News.Names());
    }

    [Fact]
    public void A_step_whose_calls_all_fail_parks_the_run_and_resuming_tries_them_again()
    {
        var parked = A.Searching().When(A.ToolFailure("s0001t001", FailureKind.ToolError), A.ToolFailure("s0001t002", FailureKind.BadArguments));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());

        var resumed = parked.When(Resume);
        Assert.Equal(
            [new RunResumed("ada", "go on"), new ToolCallScheduled("s0001t001", 2, TimeSpan.Zero),
                new ToolCallScheduled("s0001t002", 2, TimeSpan.Zero)],
            resumed.News);
        Assert.Equal(2, resumed.Work.Count);
        Assert.Equal(RunStatus.Running, resumed.Run.Status);
    }

    [Fact]
    public void Resuming_tries_only_the_failed_calls_again()
    {
        var one = Approving("one\ntwo").When(new DenyToolCall("s0001t001", "ada", "no"), new ApproveToolCall("s0001t002", "ada"));
        var parked = one.When(A.ToolFailure("s0001t002", FailureKind.ToolError));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());

        Assert.Equal([new RunResumed("ada", "go on"), new ToolCallScheduled("s0001t002", 2, TimeSpan.Zero)], parked.When(Resume).News);
    }

    [Fact]
    public void A_parked_tool_step_resumes_with_a_fresh_round_of_attempts()
    {
        var parked = Exhausted(A.Searching("one"), firstAttempt: 1);
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());

        var again = Exhausted(parked.When(Resume), firstAttempt: 4);
        Assert.Equal(["ToolCallFailed", "RunParked"], again.News.Names());
        Assert.Equal([2, 3, 4, 5, 6], again.History.OfType<ToolCallScheduled>().Select(call => call.Attempt));
        Assert.InRange(again.History.OfType<ToolCallScheduled>().Single(call => call.Attempt == 5).Delay, TimeSpan.FromSeconds(0.75), A.Second);
    }

    [Fact]
    public void A_step_whose_only_call_is_denied_fails_the_run()
    {
        var denied = Approving("one").When(new DenyToolCall("s0001t001", "ada", "too blunt"));

        Assert.Equal(["ToolCallDenied", "RunFailed"], denied.News.Names());
        Assert.Equal("Every call of step send was denied, the last by ada: too blunt", denied.News.Only<RunFailed>().Failure.Message);
    }

    [Fact]
    public void A_step_whose_calls_are_all_denied_fails_the_run()
    {
        var denied = Approving("one\ntwo").When(new DenyToolCall("s0001t001", "ada", "no"), new DenyToolCall("s0001t002", "bob", "neither"));

        Assert.Equal("Every call of step send was denied, the last by bob: neither", denied.News.Only<RunFailed>().Failure.Message);
    }

    [Fact]
    public void Whether_a_call_fails_before_or_after_another_is_denied_makes_no_difference()
    {
        var story = Approving("one\ntwo").When(new ApproveToolCall("s0001t001", "ada"));
        var (failure, denial) = (A.ToolFailure("s0001t001", FailureKind.ToolError), new DenyToolCall("s0001t002", "ada", "no"));

        Assert.Equal(["ToolCallFailed", "RunParked"], story.When(denial, failure).News.Names());
        Assert.Equal(["ToolCallDenied", "RunParked"], story.When(failure, denial).News.Names());
        Assert.Equal(new ToolCallScheduled("s0001t001", 2, TimeSpan.Zero), story.When(failure, denial, Resume).News[^1]);
        Assert.Equal(FailureKind.ToolError, story.When(failure, denial).News.Only<RunParked>().Failure.Kind);
    }

    [Fact]
    public void A_step_goes_on_when_one_call_is_denied_and_another_done()
    {
        var story = Approving("one\ntwo").When(new ApproveToolCall("s0001t001", "ada"), A.Result("s0001t001"));

        Assert.Equal(
            ["ToolCallDenied", "StepCompleted", "StepStarted", "ModelCallScheduled"],
            story.When(new DenyToolCall("s0001t002", "ada", "no")).News.Names());
    }

    [Fact]
    public void A_call_whose_outcome_is_unknown_is_not_tried_again_by_resuming()
    {
        var parked = Approving("one").When(new ApproveToolCall("s0001t001", "ada")).ClaimedTool("s0001t001")
            .When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        Assert.Equal(["RunResumed", "StepCompleted", "StepStarted", "ModelCallScheduled"], parked.When(Resume).News.Names());
    }

    [Fact]
    public void A_call_whose_outcome_is_unknown_parks_the_run_with_what_resuming_will_not_do()
    {
        var parked = Approving("one").When(new ApproveToolCall("s0001t001", "ada")).ClaimedTool("s0001t001")
            .When(A.ToolFailure("s0001t001", FailureKind.Unavailable));

        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());
        Assert.Equal(new(FailureKind.OutcomeUnknown, "It was Unavailable."), parked.News.Only<ToolCallFailed>().Failure);
        const string Said =
            "It is not known whether send_mail (s0001t001) had its effect, and resuming will not make the call again: It was Unavailable.";
        Assert.Equal(new(FailureKind.OutcomeUnknown, Said), parked.News.Only<RunParked>().Failure);
    }

    [Fact]
    public void A_claimed_call_that_never_reached_its_service_is_tried_again()
    {
        var refused = Approving("one").When(new ApproveToolCall("s0001t001", "ada")).ClaimedTool("s0001t001").When(A.NotReached("s0001t001"));
        Assert.Equal(["ToolCallFailed", "ToolCallScheduled"], refused.News.Names());
        Assert.Equal(FailureKind.Unavailable, refused.News.Only<ToolCallFailed>().Failure.Kind);
        Assert.Equal(2, refused.News.Only<ToolCallScheduled>().Attempt);

        var down = refused.ClaimedTool("s0001t001").When(A.NotReached("s0001t001", 2)).ClaimedTool("s0001t001").When(A.NotReached("s0001t001", 3));
        Assert.Equal(["ToolCallFailed", "RunParked"], down.News.Names());
        Assert.Equal(new(FailureKind.Unavailable, "Connection refused"), down.News.Only<RunParked>().Failure);
        Assert.Equal([new RunResumed("ada", "go on"), new ToolCallScheduled("s0001t001", 4, TimeSpan.Zero)], down.When(Resume).News);
    }

    [Fact]
    public void A_model_is_told_of_a_call_that_never_reached_its_service_when_all_attempts_are_spent()
    {
        var story = A.Asking("open_ticket");
        for (var attempt = 1; attempt <= 3; attempt++) story = story.ClaimedTool("c0001t001").When(A.NotReached("c0001t001", attempt));

        Assert.Equal(["ToolCallFailed", "ModelCallScheduled"], story.News.Names());
    }

    [Fact]
    public void What_arrives_while_parked_is_kept()
    {
        var parked = Approving("one\ntwo").When(new ApproveToolCall("s0001t001", "ada"), new ApproveToolCall("s0001t002", "ada"))
            .ClaimedTool("s0001t001").ClaimedTool("s0001t002").When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        var arrived = parked.When(A.Result("s0001t002"));
        Assert.Equal(["ToolCallCompleted"], arrived.News.Names());
        Assert.Equal(["RunResumed", "StepCompleted", "StepStarted", "ModelCallScheduled"], arrived.When(Resume).News.Names());
    }

    static Story Exhausted(Story searching, int firstAttempt) => searching.When(
        A.ToolFailure("s0001t001", FailureKind.Timeout, firstAttempt),
        A.ToolFailure("s0001t001", FailureKind.Timeout, firstAttempt + 1),
        A.ToolFailure("s0001t001", FailureKind.Timeout, firstAttempt + 2));

    static Story Approving(string letters) => A.Calling(A.Mailer).When(A.Reply(1, letters));
}
