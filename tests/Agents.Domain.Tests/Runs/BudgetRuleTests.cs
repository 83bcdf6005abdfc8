using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Runs that a budget stops, and how they go on.</summary>
public sealed class BudgetRuleTests
{
    static readonly GoOnWithinBudget Room = new();

    [Fact]
    public void A_call_that_a_budget_refuses_parks_the_run_and_claims_nothing()
    {
        var parked = A.Started(A.Research).When(A.Refused());

        var fact = parked.News.Only<RunParked>();
        Assert.Equal(["RunParked"], parked.News.Names());
        Assert.Equal(FailureKind.BudgetRefused, fact.Failure.Kind);
        Assert.Equal("The daily budget of tenant default has no room for the next call.", fact.Failure.Message);
        Assert.Equal(A.Refused().Refusal, parked.Run.AwaitsBudget);
        Assert.Equal(AttemptStatus.Scheduled, parked.Run.ModelCall!.Status);
        Assert.Empty(parked.Work);
    }

    [Fact]
    public void A_run_goes_on_with_the_same_attempt_when_its_budget_has_room()
    {
        var resumed = A.Started(A.Research).When(A.Refused()).When(Room);

        Assert.Equal([new RunResumed("system", "There is room in the daily budget of tenant default.")], resumed.News);
        Assert.Equal([new Work(new CallModel(A.Id, 1, 1), TimeSpan.Zero)], resumed.Work);
        Assert.Null(resumed.Run.AwaitsBudget);
        Assert.Empty(resumed.When(Room).News);
    }

    [Fact]
    public void A_person_may_let_it_go_on_and_it_parks_again_if_there_is_still_no_room() =>
        Assert.Equal(["RunParked"], A.Started(A.Research).When(A.Refused()).When(new ResumeRun("ada", "now")).When(A.Refused()).News.Names());

    [Fact]
    public void A_refusal_of_an_attempt_that_is_not_due_changes_nothing()
    {
        Assert.Empty(A.Started(A.Research).When(A.Refused(call: 2)).News);
        Assert.Empty(A.Started(A.Research).When(A.Refused(attempt: 2)).News);
        Assert.Empty(A.Calling(A.Research).When(A.Refused()).News);
        Assert.Empty(A.Started(A.Research).When(new PauseRun("ada", "")).When(A.Refused()).News);
        Assert.Empty(A.Started(A.Research).When(A.Refused()).When(A.Refused()).News);
    }

    [Fact]
    public void Room_in_a_budget_starts_nothing_that_is_parked_for_another_reason()
    {
        Assert.Empty(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unauthorized)).When(Room).News);
        Assert.Empty(A.Started(A.Research).When(new PauseRun("ada", "")).When(Room).News);
        Assert.Empty(A.Started(A.Research).When(A.Refused()).When(new CancelRun("ada", "")).When(Room).News);
    }

    [Fact]
    public void A_run_never_begins_a_call_that_could_cost_more_than_its_own_budget_has_left()
    {
        var story = A.Started(A.Research, budgetUsd: 0.05m).Answered("one", 0.02m).When(A.Result("s0001t001"));
        var work = new CallModel(A.Id, 2, 1);

        Assert.IsType<Claim.Taken>(Claim.On(story.Run, work, Begin(0.03m), ownerIsGone: false));
        var refused = Assert.IsType<Claim.Refused>(Claim.On(story.Run, work, Begin(0.0301m), ownerIsGone: false, leastUsd: 0.01m));
        Assert.Equal(new(BudgetName.Of(A.Id), 0.05m, 0.02m, 0, 0.0301m, 0.01m), refused.Refusal);
    }

    [Fact]
    public void A_call_without_a_price_is_refused_by_a_run_with_a_budget_unless_it_may()
    {
        var (run, free) = (A.Started(A.Research, budgetUsd: 1m).Run, A.Started(A.Research).Run);
        var work = new CallModel(A.Id, 1, 1);

        Assert.IsType<Claim.Refused>(Claim.On(run, work, Begin(null), ownerIsGone: false, mayBeUnpriced: false));
        Assert.IsType<Claim.Taken>(Claim.On(run, work, Begin(null), ownerIsGone: false, mayBeUnpriced: true));
        Assert.IsType<Claim.Taken>(Claim.On(free, work, Begin(null), ownerIsGone: false, mayBeUnpriced: false));
    }

    [Fact]
    public void Raising_its_budget_lets_a_run_go_on()
    {
        var parked = A.Started(A.Research, budgetUsd: 0.02m).Answered("one").When(A.Result("s0001t001")).Answered("matter");
        Assert.Equal(FailureKind.CostLimit, parked.News.Only<RunParked>().Failure.Kind);

        var raised = parked.When(new ChangeRunBudget(0.05m, "ada", "worth it"));
        Assert.Equal(["RunBudgetChanged", "RunResumed", "ModelCallScheduled"], raised.News.Names());
        Assert.Equal("system", raised.News.Only<RunResumed>().By);
        Assert.Equal(new CallModel(A.Id, 3, 1), Assert.Single(raised.Work).Message);
    }

    [Fact]
    public void A_budget_that_is_still_too_small_is_kept_and_the_run_stays_parked()
    {
        var run = A.Started(A.Research, budgetUsd: 0.02m).Run;
        var refusal = Assert.IsType<Claim.Refused>(Claim.On(run, new CallModel(A.Id, 1, 1), Begin(0.06m), ownerIsGone: false, leastUsd: 0.03m))
            .Refusal;
        var parked = Story.Of(A.Research, [.. A.Started(A.Research, budgetUsd: 0.02m).History]).When(new RefuseModelCall(1, 1, refusal));

        Assert.Equal(["RunBudgetChanged"], parked.When(new ChangeRunBudget(0.029m, "ada", "")).News.Names());
        Assert.Equal(["RunBudgetChanged", "RunResumed"], parked.When(new ChangeRunBudget(0.03m, "ada", "")).News.Names());
    }

    [Fact]
    public void A_budget_that_a_person_sets_counts_instead_of_the_agents_limit()
    {
        var parked = A.Searching("one").When(A.Result("s0001t001")).Answered("matter", usd: 0.11m);

        var raised = parked.When(new ChangeRunBudget(5m, "ada", "worth it"));
        Assert.Equal(5m, raised.Run.MostUsd(A.Research.Limits));
        Assert.Equal(["RunBudgetChanged", "RunResumed", "ModelCallScheduled"], raised.News.Names());
    }

    [Fact]
    public void The_same_budget_again_changes_nothing_and_a_finished_run_keeps_its_own()
    {
        var change = new ChangeRunBudget(0.05m, "ada", "");

        Assert.Empty(A.Started(A.Research).When(change).When(change).News);
        Assert.Empty(A.Started(A.Research).When(new CancelRun("ada", "")).When(change).News);
    }

    [Fact]
    public void Raising_a_runs_own_budget_does_not_help_where_another_is_spent() =>
        Assert.Equal(["RunBudgetChanged"], A.Started(A.Research).When(A.Refused()).When(new ChangeRunBudget(5m, "ada", "")).News.Names());

    [Fact]
    public void A_person_resolves_an_unconfirmed_spend_once()
    {
        var lost = A.Calling(A.Research).When(A.Lost());
        var command = new ResolveSpend(1, 1, 0.0123m, SpendSource.Operator, "ada");

        var resolved = lost.When(command);
        Assert.Equal([new SpendResolved(1, 1, 0.0123m, SpendSource.Operator, "ada")], resolved.News);
        Assert.Equal(0.0123m, resolved.Run.SpentAtMostUsd());
        Assert.Empty(resolved.When(command).News);
        Assert.Empty(lost.When(command with { Attempt = 2 }).News);
        Assert.Empty(A.Calling(A.Research).When(command).News);
    }

    static ModelCallStarted Begin(decimal? upper) => new(2, 1, "w1", "hash", "2026-11", upper);
}
