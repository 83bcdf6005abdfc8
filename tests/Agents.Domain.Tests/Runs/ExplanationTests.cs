using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>What a run that is not worked on is said to wait for.</summary>
public sealed class ExplanationTests
{
    [Fact]
    public void A_run_that_is_parked_for_a_budget_is_said_to_go_on_by_itself()
    {
        var parked = A.Started(A.Research).When(A.Refused());

        Assert.Equal(
            "The daily budget of tenant default has no room: 9.9 of 10 USD are spent and 0.05 reserved; the next call may cost 0.06. It goes on by itself when there is room.",
            Explanation.Of(parked.Run, place: null).Summary);
        Assert.Equal(
            "The daily budget of tenant default has no room for the next call. It goes on by itself when there is room.",
            Explanation.Of(parked.Run, place: null, seesMoney: false).Summary);
    }

    [Fact]
    public void No_room_is_promised_to_help_a_call_whose_model_has_no_price()
    {
        var refusal = new BudgetRefusal(BudgetName.Of(A.Id), 0.1m, 0, 0, WantedUsd: null, LeastUsd: null);
        var parked = A.Started(A.Research, budgetUsd: 0.1m).When(new RefuseModelCall(1, 1, refusal));

        var held = Assert.Single(Explanation.Of(parked.Run, place: null).BlockedBy);
        Assert.Equal("budget", held.Kind);
        Assert.EndsWith("the next call's model has no price, so that nothing can be reserved for it. Give the model a price, then resume the run.",
            held.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_waits_for_a_person_says_so()
    {
        Assert.Equal(
            "paused", Assert.Single(Explanation.Of(A.Calling(A.Research).When(new PauseRun("ada", "look")).Run, place: null).BlockedBy).Kind);
        Assert.Equal("parked",
            Assert.Single(Explanation.Of(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unauthorized)).Run, place: null).BlockedBy).Kind);
    }

    [Fact]
    public void A_run_with_a_call_that_may_have_had_its_effect_says_that_resuming_does_not_repeat_it()
    {
        var parked = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.Timeout));

        Assert.Equal(
            "It is not known whether open_ticket (c0001t001) had its effect. Find out by hand; resuming will not make the call again.",
            Explanation.Of(parked.Run, place: null).Summary);
    }

    [Theory]
    [InlineData(QueueWait.Approval, "The run waits for a person to approve")]
    [InlineData(QueueWait.Child, "The run waits for the end of")]
    [InlineData(QueueWait.Rate, "The run waits for the rate limit of openai/gpt-4o, in 2 s.")]
    [InlineData(QueueWait.Wait, "The run waits until 2026-12-01 08:00:00 UTC.")]
    [InlineData(QueueWait.Thread, "The run waits until run 0199a0c4-0000-7000-8000-000000000009 of the same thread has ended.")]
    public void Each_thing_that_a_run_in_the_queue_waits_for_is_named(QueueWait wait, string summary)
    {
        var place = new QueuePlace(
            Node: null, wait, Rate: "openai/gpt-4o", TimeSpan.FromSeconds(2), Guid.Parse("0199a0c4-0000-7000-8000-000000000009"), [], [], 0, 1, 0,
            null, WakesAt: new(2026, 12, 1, 9, 0, 0, TimeSpan.FromHours(1)));

        var explanation = Explanation.Of(A.Calling(A.Research).Run, place);

        Assert.Equal(wait.ToString().ToLowerInvariant(), Assert.Single(explanation.BlockedBy).Kind);
        Assert.StartsWith(summary, explanation.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_waits_for_a_signal_says_which_until_when_and_how_to_send_it()
    {
        var place = new QueuePlace(null, QueueWait.Wait, null, TimeSpan.FromSeconds(60), null, [], [], 0, 1, 0, null);
        const string Command = "Send it: agents signal 0199a0c4-0000-7000-8000-000000000001 approved";

        Assert.Equal(
            $"The run waits for signal approved until 2026-12-01 08:00:00 UTC. {Command}",
            Explanation.Of(A.Waiting().Run, place with { WakesAt = new(2026, 12, 1, 8, 0, 0, TimeSpan.Zero) }).Summary);
        Assert.Equal($"The run waits for signal approved. {Command}", Explanation.Of(A.Waiting().Run, place).Summary);
        Assert.Equal(TimeSpan.FromSeconds(60), Explanation.Of(A.Waiting().Run, place).StartsIn);
    }

    [Fact]
    public void A_run_that_has_ended_is_held_back_by_nothing() =>
        Assert.Equal(new("The run is cancelled. It does no more work.", []),
            Explanation.Of(A.Queued(A.Research).When(new CancelRun("ada", "")).Run, place: null) with { BlockedBy = [] });
}
