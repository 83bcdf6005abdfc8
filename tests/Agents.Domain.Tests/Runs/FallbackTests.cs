using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Models that take over when one fails.</summary>
public sealed class FallbackTests
{
    static readonly AgentDefinition Steady = A.Assistant with { Fallback = new(["fast/spare", "last"]) };

    static Story Calling(AgentDefinition agent) => A.Started(agent).Claimed();

    static ModelCallScheduled Scheduled(Story story) => story.News.Only<ModelCallScheduled>();

    [Theory]
    [InlineData(FailureKind.Unavailable)]
    [InlineData(FailureKind.RateLimited)]
    [InlineData(FailureKind.Rejected)]
    [InlineData(FailureKind.Unauthorized)]
    [InlineData(FailureKind.Unpriced)]
    public void The_next_model_takes_over_at_once(FailureKind kind)
    {
        var story = Calling(Steady).When(A.ModelFailure(kind));

        Assert.Equal(new ModelCallScheduled(1, 2, 0, "fast/spare", TimeSpan.Zero, 1, A.Because(kind)), Scheduled(story));
        Assert.Equal([new Work(new CallModel(A.Id, 1, 2), TimeSpan.Zero)], story.Work);
        Assert.Equal(("fast/spare", 1), (story.Run.ModelCall!.Model, story.Run.Fallback));
    }

    [Fact]
    public void So_it_does_after_an_outcome_that_is_not_known_and_both_are_paid_for()
    {
        var story = Calling(Steady).When(A.ModelFailure(FailureKind.Timeout));

        Assert.Equal(UnknownCause.TimedOut, story.News.Only<ModelCallOutcomeUnknown>().Cause);
        Assert.Equal("fast/spare", Scheduled(story).Model);

        var answered = story.Claimed(reservedUsd: 0.02m).When(A.Reply(1, "It is.", 0.015m, attempt: 2));
        Assert.Equal((RunStatus.Completed, 0.015m, 0.065m), (answered.Run.Status, answered.Run.CostUsd, answered.Run.SpentAtMostUsd()));
    }

    [Fact]
    public void A_model_is_tried_as_often_as_the_fallback_says_before_the_next_takes_over()
    {
        var first = Calling(A.Assistant with { Fallback = new(["spare"], Attempts: 2) }).When(A.ModelFailure(FailureKind.Unavailable));
        Assert.Equal(("small", 0), (Scheduled(first).Model, Scheduled(first).Fallback));
        Assert.True(Scheduled(first).Delay > TimeSpan.Zero);

        var second = first.Claimed().When(A.ModelFailure(FailureKind.Unavailable, attempt: 2));
        Assert.Equal(("spare", 1, TimeSpan.Zero), (Scheduled(second).Model, Scheduled(second).Fallback, Scheduled(second).Delay));
    }

    [Fact]
    public void The_last_model_has_the_tries_of_the_limits_then_the_run_parks_and_names_each_and_what_it_said()
    {
        var story = Calling(Steady)
            .When(A.ModelFailure(FailureKind.Unavailable)).Claimed()
            .When(A.ModelFailure(FailureKind.Unauthorized, attempt: 2)).Claimed()
            .When(A.ModelFailure(FailureKind.RateLimited, attempt: 3)).Claimed()
            .When(A.ModelFailure(FailureKind.RateLimited, attempt: 4)).Claimed()
            .When(A.ModelFailure(FailureKind.RateLimited, attempt: 5));

        Assert.Equal(
            new(FailureKind.RateLimited, "No model answered. small: It was Unavailable. | fast/spare: It was Unauthorized. | last: It was RateLimited."),
            story.News.Only<RunParked>().Failure);
        Assert.Equal(
            [("small", 0), ("fast/spare", 1), ("last", 2), ("last", 2), ("last", 2)],
            story.History.OfType<ModelCallScheduled>().Select(fact => (fact.Model, fact.Fallback)));
    }

    [Fact]
    public void A_run_that_is_resumed_begins_with_the_first_model_again_and_has_all_its_tries()
    {
        var parked = Calling(A.Assistant with { Fallback = new(["spare"]) })
            .When(A.ModelFailure(FailureKind.Rejected)).Claimed().When(A.ModelFailure(FailureKind.Rejected, attempt: 2));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        var resumed = parked.When(new ResumeRun("ada", "now"));
        Assert.Equal(("small", 0, 3), (Scheduled(resumed).Model, Scheduled(resumed).Fallback, Scheduled(resumed).Attempt));
        Assert.Equal("spare", Scheduled(resumed.Claimed().When(A.ModelFailure(FailureKind.Unavailable, attempt: 3))).Model);
    }

    [Fact]
    public void Other_failures_than_those_named_are_only_tried_again()
    {
        var agent = A.Assistant with { Fallback = new(["spare"], On: [FailureKind.Timeout]) };

        Assert.Equal("small", Scheduled(Calling(agent).When(A.ModelFailure(FailureKind.Unavailable))).Model);
        Assert.Equal(RunStatus.Parked, Calling(agent).When(A.ModelFailure(FailureKind.Unauthorized)).Run.Status);
        Assert.Equal("spare", Scheduled(Calling(agent).When(A.ModelFailure(FailureKind.Timeout))).Model);
    }

    [Fact]
    public void A_budget_that_refuses_the_call_parks_the_run_but_for_want_of_a_price_the_next_model_takes_over()
    {
        Assert.Equal(RunStatus.Parked, A.Started(Steady).When(A.Refused()).Run.Status);

        var unpriced = A.Refused() with { Refusal = A.Refused().Refusal with { WantedUsd = null, LeastUsd = null } };
        var story = A.Started(Steady).When(unpriced);
        Assert.Equal((FailureKind.Unpriced, "fast/spare", 2), (Scheduled(story).Because!.Kind, Scheduled(story).Model, Scheduled(story).Attempt));
        Assert.Empty(story.When(unpriced).News);
        Assert.IsType<Claim.NotDue>(Claim.On(story.Run, new CallModel(A.Id, 1, 1), Begin(1), ownerIsGone: false));
        Assert.IsType<Claim.Taken>(Claim.On(story.Run, new CallModel(A.Id, 1, 2), Begin(2), ownerIsGone: false));
    }

    [Fact]
    public void A_step_stays_with_the_model_that_answered_and_the_next_step_begins_with_its_own()
    {
        var agent = A.Research with { Fallback = new(["spare"]), Steps = [new ModelStep("plan", "Plan.", [new("search_documents")]), new ModelStep("respond", "Answer.")] };
        var asking = Calling(agent).When(A.ModelFailure(FailureKind.Unavailable)).Claimed().When(A.Reply(1, "", attempt: 2, tools: "search_documents"));

        var second = asking.When(A.Result("c0001t001"));
        Assert.Equal((2, 1, "spare", 1), (Scheduled(second).Call, Scheduled(second).Attempt, Scheduled(second).Model, Scheduled(second).Fallback));

        var next = second.Claimed().When(A.Reply(2, "planned"));
        Assert.Equal((3, "small", 0), (Scheduled(next).Call, Scheduled(next).Model, Scheduled(next).Fallback));
    }

    [Fact]
    public void A_step_has_models_of_its_own_that_take_over()
    {
        var agent = Steady with { Steps = [new ModelStep("answer", "Help.", Model: "large") { Fallback = new(["own"]) }] };

        Assert.Equal("large", A.Started(agent).Run.ModelCall is { Model: null } ? Scheduled(A.Started(agent)).Model : "");
        Assert.Equal("own", Scheduled(Calling(agent).When(A.ModelFailure(FailureKind.Rejected))).Model);
    }

    [Fact]
    public void A_worker_that_is_lost_between_the_failure_and_the_next_attempt_leaves_that_attempt_due()
    {
        var failed = Calling(Steady).When(A.ModelFailure(FailureKind.Unavailable));

        Assert.Equal([new CallModel(A.Id, 1, 2)], Work.OwedBy(failed.Run).Select(work => work.Message));
        var lost = failed.Claimed(reservedUsd: 0.03m).When(A.Lost(attempt: 2));
        Assert.Equal((0.03m, "last"), (lost.News.Only<ModelCallOutcomeUnknown>().HighUsd, Scheduled(lost).Model));
    }

    [Fact]
    public void A_failure_that_comes_while_the_run_is_paused_begins_nothing()
    {
        var paused = Calling(Steady).When(new PauseRun("ada", "")).When(A.ModelFailure(FailureKind.Unavailable));

        Assert.Equal(["ModelCallFailed"], paused.News.Names());
        Assert.Equal("small", Scheduled(paused.When(new ResumeRun("ada", ""))).Model);
    }

    [Fact]
    public void A_fork_begins_with_the_first_model()
    {
        var story = Calling(Steady).When(A.ModelFailure(FailureKind.Unavailable)).Claimed().When(A.Reply(1, "", attempt: 2, tools: "search_documents"));
        var inherited = Forking.StateOf(story.Run, story.History, Steady, "");

        var fork = Story.Of(Steady, A.Question(Steady) with { ForkedFrom = new(A.Id, 9) }, inherited).When(new StartRun("w1")).When(A.Result("c0001t001"));
        Assert.Equal(("small", 0), (Scheduled(fork).Model, Scheduled(fork).Fallback));
    }

    [Fact]
    public void A_checkpoint_from_before_there_were_fallbacks_is_read_and_one_without_is_stored_as_before()
    {
        var before = JsonSerializer.Serialize(A.Started(A.Assistant).Run, StoredJson.Options);

        Assert.DoesNotContain("allback", before, StringComparison.Ordinal);
        Assert.DoesNotContain("\"left\"", before, StringComparison.Ordinal);
        Assert.Equal((0, null), (Read(before).Fallback, Read(before).ModelCall!.Model));

        var after = Calling(Steady).When(A.ModelFailure(FailureKind.Unavailable)).Run;
        Assert.Equal(JsonSerializer.Serialize(after, StoredJson.Options), JsonSerializer.Serialize(Read(JsonSerializer.Serialize(after, StoredJson.Options)), StoredJson.Options));

        static Run Read(string json) => JsonSerializer.Deserialize<Run>(json, StoredJson.Options)!;
    }

    static ModelCallStarted Begin(int attempt) => new(1, attempt, "w1", "hash", "2026-11", 0.01m);
}
