using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Limits on cost, spend nobody knows yet, and how it becomes known.</summary>
public sealed class SpendTests
{
    [Fact]
    public void A_run_over_its_cost_limit_parks_before_the_next_call()
    {
        var dear = A.Searching("one").When(A.Result("s0001t001")).Answered("matter", usd: 0.11m);

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepStarted", "RunParked"], dear.News.Names());
        Assert.Equal(Spent, dear.News.Only<RunParked>().Failure);
        Assert.Equal((0.12m, 0.10m), SpentOf(dear));
        Assert.Empty(dear.Work);
    }

    [Fact]
    public void A_run_over_its_cost_limit_still_gives_the_answer_it_has() =>
        Assert.Equal("42", A.Calling(A.Assistant).When(A.Reply(1, "42", usd: 5m)).News.Only<RunCompleted>().Answer);

    [Fact]
    public void A_run_over_its_own_budget_parks_even_below_the_agents_limit()
    {
        var story = A.Started(A.Research, budgetUsd: 0.02m).Answered("one").When(A.Result("s0001t001"));
        Assert.Equal(["ToolCallCompleted", "StepCompleted", "StepStarted", "ModelCallScheduled"], story.News.Names());

        Assert.Equal((0.02m, 0.02m), SpentOf(story.Answered("matter")));
    }

    [Fact]
    public void A_budget_above_the_agents_limit_does_not_raise_it() =>
        Assert.Equal((0.11m, 0.10m), SpentOf(A.Started(A.Research, budgetUsd: 9m).Answered("one", 0.11m).When(A.Result("s0001t001"))));

    [Fact]
    public void Resuming_a_run_that_is_still_over_its_limit_parks_it_again() =>
        Assert.Equal(["RunResumed", "RunParked"], A.Calling(A.Research).When(A.Reply(1, "one", 0.11m)).When(A.Result("s0001t001"))
            .When(new ResumeRun("ada", "")).News.Names());

    [Fact]
    public void Unconfirmed_spend_counts_at_its_upper_bound()
    {
        var once = A.Started(A.Research).Claimed(reservedUsd: 0.06m).When(A.Lost());
        Assert.Equal((0m, 0.06m), (once.Run.CostUsd, once.Run.SpentAtMostUsd()));

        var twice = once.Claimed(reservedUsd: 0.06m).When(A.Lost(attempt: 2));
        Assert.Equal(["ModelCallOutcomeUnknown", "RunParked"], twice.News.Names());
        Assert.Equal(Spent, twice.News.Only<RunParked>().Failure);
        Assert.Equal((0.12m, 0.10m), SpentOf(twice));
    }

    [Fact]
    public void Unconfirmed_spend_without_a_price_counts_at_its_lower_bound()
    {
        var lost = A.Started(A.Research).Claimed(reservedUsd: null).When(A.ModelFailure(FailureKind.StreamCut, lowUsd: 0.02m));

        Assert.Equal(new ModelCallOutcomeUnknown(1, 1, UnknownCause.StreamCut, 0.02m, null, A.Because(FailureKind.StreamCut)), lost.News[0]);
        Assert.Equal(0.02m, lost.Run.SpentAtMostUsd());
    }

    [Theory, InlineData(FailureKind.Timeout, UnknownCause.TimedOut), InlineData(FailureKind.StreamCut, UnknownCause.StreamCut)]
    public void A_call_that_may_have_been_billed_is_unconfirmed_up_to_what_was_reserved(FailureKind kind, UnknownCause cause)
    {
        var failed = A.Started(A.Research).Claimed(reservedUsd: 0.03m).When(A.ModelFailure(kind, lowUsd: 0.01m));

        Assert.Equal(new ModelCallOutcomeUnknown(1, 1, cause, 0.01m, 0.03m, A.Because(kind)), failed.News[0]);
        Assert.Equal([new UnconfirmedAttempt(1, 1, 0.01m, 0.03m)], failed.Run.Unconfirmed);
        Assert.IsType<ModelCallScheduled>(failed.News[1]);
    }

    [Theory, InlineData(FailureKind.RateLimited), InlineData(FailureKind.Unavailable), InlineData(FailureKind.Rejected)]
    public void A_call_the_provider_refused_was_not_billed(FailureKind kind)
    {
        var failed = A.Calling(A.Research).When(A.ModelFailure(kind));

        Assert.IsType<ModelCallFailed>(failed.News[0]);
        Assert.Equal(0, failed.Run.SpentAtMostUsd());
    }

    [Theory]
    [InlineData(FailureKind.RateLimited, true), InlineData(FailureKind.Unavailable, true), InlineData(FailureKind.Rejected, false)]
    public void A_reply_that_the_provider_gave_up_may_have_been_billed_and_is_tried_again_as_its_words_say(FailureKind kind, bool isAgain)
    {
        var failed = A.Started(A.Research).Claimed(reservedUsd: 0.03m).When(A.ModelFailure(kind) with { HasBegun = true, Text = "It is" });

        Assert.Equal(new ModelCallOutcomeUnknown(1, 1, UnknownCause.StreamCut, 0, 0.03m, A.Because(kind), "It is"), failed.News[0]);
        Assert.Equal(isAgain ? typeof(ModelCallScheduled) : typeof(RunParked), failed.News[1].GetType());
    }

    [Fact]
    public void A_late_failure_of_a_reply_that_had_begun_resolves_nothing()
    {
        var again = A.Calling(A.Research).When(A.Lost()).Claimed();

        Assert.Empty(again.When(A.ModelFailure(FailureKind.Rejected) with { HasBegun = true }).News);
        Assert.Single(again.When(A.ModelFailure(FailureKind.Rejected)).News.OfType<SpendResolved>());
    }

    [Fact]
    public void An_empty_reply_is_paid_for_and_tried_again()
    {
        var empty = A.ModelFailure(FailureKind.EmptyReply) with { Usage = new(7, 3), Cost = new(0.002m, "2026-11") };

        var failed = A.Calling(A.Research).When(empty);

        Assert.Equal(["ModelCallFailed", "ModelCallScheduled"], failed.News.Names());
        Assert.Equal((0.002m, 0.002m), (failed.Run.CostUsd, failed.Run.SpentAtMostUsd()));
    }

    [Fact]
    public void An_empty_reply_whose_cost_is_not_known_is_unconfirmed_spend()
    {
        var failed = A.Started(A.Research).Claimed(reservedUsd: 0.03m).When(A.ModelFailure(FailureKind.EmptyReply));

        Assert.Equal([new UnconfirmedAttempt(1, 1, 0, 0.03m)], failed.Run.Unconfirmed);
        Assert.IsType<ModelCallScheduled>(failed.News[1]);
    }

    [Theory, InlineData("stop", null), InlineData("length", "length"), InlineData("content_filter", "content_filter")]
    public void An_answer_that_was_cut_says_by_what(string finishReason, string? incomplete)
    {
        var reply = A.Reply(1, "It is");

        var done = A.Calling(A.Assistant).When(reply with { Reply = reply.Reply with { FinishReason = finishReason } });

        Assert.Equal(incomplete, done.News.Only<RunCompleted>().Incomplete);
    }

    [Fact]
    public void A_failure_that_was_billed_is_paid_for()
    {
        var billed = A.ModelFailure(FailureKind.Rejected) with { Usage = new(7, 0), Cost = new(0.002m, "2026-11") };

        var failed = A.Calling(A.Research).When(billed);
        Assert.Equal((0.002m, new(7, 0)), (failed.Run.CostUsd, failed.Run.Usage));
    }

    [Fact]
    public void A_lost_worker_leaves_an_unconfirmed_spend_and_the_call_is_tried_again()
    {
        var lost = A.Calling(A.Research).When(A.Lost());

        Assert.Equal(new ModelCallOutcomeUnknown(1, 1, UnknownCause.WorkerLost, 0, 0.05m), lost.News[0]);
        Assert.Equal((1, 2), (lost.News.Only<ModelCallScheduled>().Call, lost.News.Only<ModelCallScheduled>().Attempt));
    }

    [Fact]
    public void A_late_reply_of_an_attempt_given_up_resolves_its_spend_and_starts_nothing()
    {
        var again = A.Calling(A.Research).When(A.Lost()).Claimed();

        var late = again.When(A.Reply(1, "late"));
        Assert.Equal([new SpendResolved(1, 1, 0.01m, SpendSource.LateReply)], late.News);
        Assert.Equal((0.01m, 0.01m), (late.Run.CostUsd, late.Run.SpentAtMostUsd()));
        Assert.Empty(late.Run.Unconfirmed);
        Assert.Empty(late.When(A.Reply(1, "late")).News);
        Assert.Equal(["ModelCallCompleted"], late.When(A.Reply(1, "one", attempt: 2)).News.Names().Take(1));
    }

    [Fact]
    public void A_late_reply_without_a_price_leaves_the_spend_unconfirmed()
    {
        var late = A.Calling(A.Research).When(A.Lost()).When(A.Reply(1, "late", usd: null));

        Assert.Empty(late.News);
        Assert.Single(late.Run.Unconfirmed);
    }

    [Fact]
    public void A_late_failure_that_may_have_been_billed_changes_nothing()
    {
        var again = A.Calling(A.Research).When(A.Lost()).Claimed();

        Assert.Empty(again.When(A.ModelFailure(FailureKind.StreamCut)).News);
        Assert.Empty(again.When(A.ModelFailure(FailureKind.Timeout)).News);
        Assert.Empty(again.When(A.ModelFailure(FailureKind.Unavailable)).News);
        Assert.Empty(again.When(A.Lost()).News);
    }

    [Theory, InlineData(FailureKind.RateLimited), InlineData(FailureKind.Rejected), InlineData(FailureKind.Unauthorized)]
    public void A_late_refusal_of_an_attempt_given_up_tells_that_it_cost_nothing(FailureKind kind)
    {
        var late = A.Calling(A.Research).When(A.Lost()).Claimed().When(A.ModelFailure(kind));

        Assert.Equal([new SpendResolved(1, 1, 0, SpendSource.LateReply)], late.News);
        Assert.Empty(late.Run.Unconfirmed);
        Assert.Empty(late.When(A.ModelFailure(kind)).News);
    }

    [Fact]
    public void A_late_reply_to_a_run_that_parked_for_its_own_budget_is_paid_for_and_lets_it_go_on()
    {
        var late = ParkedForItsBudget.When(A.Reply(1, "late"));

        Assert.Equal(["SpendResolved", "RunResumed", "ModelCallScheduled"], late.News.Names());
        Assert.Equal(new RunResumed("system", "There is room in the run's own budget."), late.News[1]);
        Assert.Equal([new Work(new CallModel(A.Id, 1, 2), TimeSpan.Zero)], late.Work);
        Assert.Empty(late.When(A.Reply(1, "late")).News);
    }

    [Fact]
    public void A_late_reply_that_leaves_no_room_lets_no_run_go_on() =>
        Assert.Equal(["SpendResolved"], ParkedForItsBudget.When(A.Reply(1, "late", usd: 0.15m)).News.Names());

    [Fact]
    public void A_late_refusal_to_a_run_that_parked_for_its_own_budget_lets_it_go_on() => Assert.Equal(
        ["SpendResolved", "RunResumed", "ModelCallScheduled"], ParkedForItsBudget.When(A.ModelFailure(FailureKind.RateLimited)).News.Names());

    [Fact]
    public void A_spend_that_a_person_resolves_lets_a_run_that_parked_for_its_own_budget_go_on()
    {
        var resolve = new ResolveSpend(1, 1, 0.01m, SpendSource.Operator, "ada");

        Assert.Equal(["SpendResolved", "RunResumed", "ModelCallScheduled"], ParkedForItsBudget.When(resolve).News.Names());
        Assert.Equal(["SpendResolved"], ParkedForItsBudget.When(resolve with { ActualUsd = 0.1m }).News.Names());
    }

    [Fact]
    public void Spend_that_becomes_known_starts_nothing_that_stands_still_for_another_reason()
    {
        var resolve = new ResolveSpend(1, 1, 0.01m, SpendSource.Operator, "ada");
        var lost = A.Calling(A.Research).When(A.Lost());

        Assert.Equal(["SpendResolved"], lost.When(new PauseRun("ada", "look")).When(resolve).News.Names());
        Assert.Equal(["SpendResolved"], lost.When(A.Refused(attempt: 2)).When(resolve).News.Names());
        Assert.Equal(["SpendResolved"], lost.Claimed().When(A.ModelFailure(FailureKind.Unauthorized, attempt: 2)).When(resolve).News.Names());
        Assert.Equal(["SpendResolved"], ParkedForItsBudget.When(new CancelRun("ada", "enough")).When(resolve).News.Names());
    }

    [Fact]
    public void A_reply_without_a_price_is_counted_apart_and_not_as_free()
    {
        var answered = A.Calling(A.Research).When(A.Reply(1, "one", usd: null));

        Assert.Equal((0m, 1), (answered.Run.CostUsd, answered.Run.UnpricedCalls));
    }

    [Fact]
    public void A_reply_of_unknown_cost_counts_against_the_budget_with_the_most_that_it_can_have_cost()
    {
        var answered = A.Started(A.Assistant, budgetUsd: 0.1m).Claimed(reservedUsd: 0.06m).When(A.Reply(1, "", usd: null, tools: "rm_rf"));

        Assert.Equal((0m, 0.06m), (answered.Run.CostUsd, answered.Run.CommittedUsd()));
        Assert.True(answered.Run.HasRoomFor(0.04m, mayBeUnpriced: true));
        Assert.False(answered.Run.HasRoomFor(0.05m, mayBeUnpriced: true));
    }

    static readonly Failure Spent = new(FailureKind.CostLimit, "What the run may spend is spent.");

    /// <summary>The amounts stand beside the failure, not in its words.</summary>
    static (decimal SpentUsd, decimal LimitUsd) SpentOf(Story story)
    {
        var refusal = story.News.Only<RunParked>().Budget!;
        return (refusal.SpentUsd, refusal.LimitUsd);
    }

    /// <summary>Its first call was lost, and at its upper bound cost all that the run may spend.</summary>
    static Story ParkedForItsBudget
    {
        get
        {
            var parked = A.Started(A.Research).Claimed(reservedUsd: 0.2m).When(A.Lost());
            Assert.Equal(["ModelCallOutcomeUnknown", "RunParked"], parked.News.Names());
            return parked;
        }
    }
}
