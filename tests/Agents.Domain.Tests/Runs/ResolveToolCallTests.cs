using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>A person says what became of a tool call that must not run twice and may have had its effect.</summary>
public sealed class ResolveToolCallTests
{
    const string Id = "c0001t001";

    static Story Parked => A.Asking("open_ticket").ClaimedTool(Id).When(A.ToolFailure(Id, FailureKind.OutcomeUnknown));

    [Fact]
    public void A_call_that_had_its_effect_has_the_result_that_the_person_says_and_the_model_is_told_it()
    {
        var resolved = Parked.When(new ResolveToolCall(Id, "ticket T-7", null, "ada", "it is in the list", "741f4717"));

        Assert.Equal(["ToolCallResolved", "RunResumed", "ModelCallScheduled"], resolved.News.Names());
        Assert.Equal(new(Id, 1, "ticket T-7", null, "ada", "it is in the list", "741f4717"), resolved.News.Only<ToolCallResolved>());
        Assert.Equal("ada", resolved.News.Only<RunResumed>().By);
        Assert.Equal("ticket T-7", Told(resolved));
    }

    [Fact]
    public void A_call_that_had_no_effect_is_not_made_again_and_the_model_is_told_why()
    {
        var resolved = Parked.When(new ResolveToolCall(Id, null, "the desk was closed", "ada", ""));

        Assert.Equal(["ToolCallResolved", "RunResumed", "ModelCallScheduled"], resolved.News.Names());
        Assert.Equal("Error: the desk was closed", Told(resolved));
    }

    [Fact]
    public void A_call_that_had_no_effect_is_made_again_when_the_person_wants_it_with_all_its_attempts()
    {
        var again = Parked.When(new ResolveToolCall(Id, null, null, "ada", ""));

        Assert.Equal(["ToolCallResolved", "ToolCallScheduled", "RunResumed"], again.News.Names());
        Assert.Equal(2, again.News.Only<ToolCallScheduled>().Attempt);
        Assert.Equal(1, again.Run.ToolCalls[Id].AttemptsBefore);
        Assert.Equal("{}", again.Run.ToolCalls[Id].Arguments);
        Assert.Contains(Work.OwedBy(again.Run), work => work.Message is RunTool { Attempt: 2 });
    }

    [Fact]
    public void It_counts_once_and_not_when_the_run_has_gone_on()
    {
        var command = new ResolveToolCall(Id, "ticket T-7", null, "ada", "");
        Assert.Empty(Parked.When(command).When(command).News);
        Assert.Empty(Parked.When(new ResumeRun("ada", "")).When(command).News);
        Assert.Empty(A.Asking("open_ticket").ClaimedTool(Id).When(command).News);
        Assert.Empty(Parked.When(new CancelRun("ada", "")).When(command).News);
    }

    [Fact]
    public void A_run_goes_on_when_the_last_of_its_calls_is_no_longer_in_doubt()
    {
        const string Other = "c0001t002";
        var both = A.Asking("open_ticket", "open_ticket").ClaimedTool(Id).ClaimedTool(Other)
            .When(A.ToolFailure(Id, FailureKind.OutcomeUnknown)).When(A.ToolFailure(Other, FailureKind.OutcomeUnknown));

        var first = both.When(new ResolveToolCall(Id, "T-1", null, "ada", ""));
        Assert.Equal(["ToolCallResolved"], first.News.Names());
        Assert.Equal(RunStatus.Parked, first.Run.Status);
        Assert.Equal(
            ["ToolCallResolved", "RunResumed", "ModelCallScheduled"], first.When(new ResolveToolCall(Other, null, "no", "ada", "")).News.Names());
    }

    [Fact]
    public void A_tool_step_of_which_nothing_is_left_parks_with_the_reason_that_the_person_gave()
    {
        const string Sent = "s0001t001";
        var parked = A.Calling(A.Mailer).When(A.Reply(1, "one")).When(new ApproveToolCall(Sent, "ada")).ClaimedTool(Sent)
            .When(A.ToolFailure(Sent, FailureKind.OutcomeUnknown));

        var failed = parked.When(new ResolveToolCall(Sent, null, "the post is on strike", "ada", ""));

        Assert.Equal(["ToolCallResolved", "RunResumed", "RunParked"], failed.News.Names());
        Assert.Equal(new(FailureKind.ToolError, "the post is on strike"), failed.News.Only<RunParked>().Failure);
        Assert.Equal("StepCompleted", parked.When(new ResolveToolCall(Sent, "sent", null, "ada", "")).News.Names().ElementAt(2));
    }

    [Fact]
    public void A_fork_of_a_run_whose_call_is_no_longer_in_doubt_inherits_no_doubt()
    {
        var resolved = Parked.When(new ResolveToolCall(Id, "T-1", null, "ada", ""));
        Assert.Null(Forking.StateOf(resolved.Run, resolved.History, resolved.Agent, "").Doubts);
        Assert.Null(Forking.UnsafeToolUnderWay(resolved.Run, _ => false));
    }

    static string Told(Story story) => Conversation.Of(story.History, passagesPerStep: 3).Turns.OfType<Turn.Tool>().Single().Result;
}
