using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class ClaimTests
{
    static readonly CallModel Call = new(A.Id, 1, 1);
    static readonly RunTool Tool = new(A.Id, "c0001t001", 1);

    [Fact]
    public void An_attempt_claimed_twice_was_lost()
    {
        Assert.Equal(new Claim.Taken(Started(1)), On(A.Started(A.Assistant)));
        Assert.Equal(new Claim.Lost(), On(A.Calling(A.Assistant), ownerIsGone: true));
        Assert.Equal(new Claim.Lost(), OnTool(A.Asking("open_ticket").ClaimedTool("c0001t001"), ownerIsGone: true));
    }

    [Fact]
    public void An_attempt_a_living_worker_has_is_left_alone()
    {
        Assert.Equal(new Claim.NotDue(), On(A.Calling(A.Assistant)));
        Assert.Equal(new Claim.NotDue(), OnTool(A.Asking("open_ticket").ClaimedTool("c0001t001")));
    }

    [Fact]
    public void Nobody_is_lost_before_anybody_started() =>
        Assert.IsType<Claim.Taken>(On(A.Started(A.Assistant), ownerIsGone: true));

    [Fact]
    public void A_tool_call_that_is_scheduled_can_be_taken() =>
        Assert.Equal(new Claim.Taken(new ToolCallStarted("c0001t001", 1, "w2")), OnTool(A.Asking("open_ticket")));

    [Fact]
    public void An_old_message_is_not_due()
    {
        var retried = A.Calling(A.Assistant).When(A.ModelFailure(FailureKind.Unavailable));
        Assert.Equal(new Claim.NotDue(), On(retried, ownerIsGone: true));
        Assert.Equal(new Claim.NotDue(), On(A.Asking("search_documents")));
        Assert.Equal(new Claim.NotDue(), On(A.Calling(A.Assistant).When(A.Reply(1, "42")), ownerIsGone: true));

        var toolRetried = A.Asking("open_ticket").When(A.ToolFailure("c0001t001", FailureKind.RateLimited));
        Assert.Equal(new Claim.NotDue(), OnTool(toolRetried, ownerIsGone: true));
        Assert.Equal(new Claim.NotDue(), OnTool(A.Asking("open_ticket").When(A.Result("c0001t001"))));
    }

    [Fact]
    public void A_message_from_the_future_is_not_due()
    {
        Assert.Equal(new Claim.NotDue(), On(A.Queued(A.Assistant)));
        Assert.Equal(new Claim.NotDue(), Claim.On(A.Started(A.Assistant).Run, new CallModel(A.Id, 1, 2), Started(2), ownerIsGone: true));
        Assert.Equal(new Claim.NotDue(), Claim.On(A.Started(A.Assistant).Run, new CallModel(A.Id, 2, 1), Started(1), ownerIsGone: true));
        Assert.Equal(new Claim.NotDue(), OnTool(A.Calling(A.Assistant)));
    }

    [Fact]
    public void A_tool_nobody_approved_yet_is_not_due() => Assert.Equal(new Claim.NotDue(), OnTool(A.Asking("send_mail")));

    [Fact]
    public void Nothing_is_taken_from_a_run_that_stands_still_or_is_finished()
    {
        foreach (var command in new object[] { new PauseRun("ada", ""), new CancelRun("ada", ""), new ExpireRun() })
        {
            Assert.Equal(new Claim.NotDue(), On(A.Started(A.Assistant).When(command)));
            Assert.Equal(new Claim.NotDue(), OnTool(A.Asking("open_ticket").When(command)));
        }
    }

    [Fact]
    public void A_worker_lost_on_a_run_that_stands_still_or_is_finished_is_still_found_out()
    {
        foreach (var command in new object[] { new PauseRun("ada", ""), new CancelRun("ada", ""), new ExpireRun() })
        {
            Assert.Equal(new Claim.Lost(), On(A.Calling(A.Assistant).When(command), ownerIsGone: true));
            Assert.Equal(new Claim.Lost(), OnTool(A.Asking("open_ticket").ClaimedTool("c0001t001").When(command), ownerIsGone: true));
        }
    }

    [Fact]
    public void A_finished_run_still_owes_the_outcome_of_what_was_claimed() =>
        Assert.Equal([Call], Work.OwedBy(A.Calling(A.Assistant).When(new CancelRun("ada", "")).Run).Select(work => work.Message));

    static Claim On(Story story, bool ownerIsGone = false) => Claim.On(story.Run, Call, Started(1), ownerIsGone);

    static Claim OnTool(Story story, bool ownerIsGone = false) =>
        Claim.On(story.Run, Tool, new ToolCallStarted("c0001t001", 1, "w2"), ownerIsGone);

    static ModelCallStarted Started(int attempt) => new(1, attempt, "w2", "hash", "2026-11", 0.05m);
}
