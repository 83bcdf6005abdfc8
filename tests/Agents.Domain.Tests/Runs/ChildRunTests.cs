using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Runs that start runs and wait for them.</summary>
public sealed class ChildRunTests
{
    static readonly AgentDefinition Boss = new()
    {
        Name = "boss",
        Model = "small",
        Steps = [new ModelStep("work", "Have it done.", [new(ChildOf.Tool, Agents: ["research"]), new("search_documents")])],
        Limits = new(CostUsd: 1),
    };

    static readonly Guid First = new("0199a0c4-0000-7000-8000-00000000000a"), Second = new("0199a0c4-0000-7000-8000-00000000000b");

    static Story Asking(params string[] tools) => A.Calling(Boss).When(A.Reply(1, "", tools: tools));

    static RecordChildWanted Wanted(string toolCallId, Guid child, string agent = "research", int attempt = 1) => new(
        toolCallId, attempt, child,
        new(agent, 1, "hash", "small", "What else?", 5, "ada", TimeSpan.FromMinutes(1), ChildOf: new(A.Id, toolCallId, attempt, A.Id, 1)));

    static RecordToolResult Ended(string toolCallId, decimal usd) => A.Result(toolCallId) with { ChildUsd = usd };

    [Fact]
    public void A_run_waits_for_all_that_it_started_without_a_slot_and_queues_for_one_when_they_have_ended()
    {
        var waiting = Asking(ChildOf.Tool, ChildOf.Tool).When(Wanted("c0001t001", First)).When(Wanted("c0001t002", Second));
        Assert.Equal([First, Second], waiting.History.OfType<ChildRunStarted>().Select(started => started.Child));
        Assert.Equal(Pending.Child, SlotUse.Of(waiting.Run));
        Assert.Empty(Work.OwedBy(waiting.Run));

        var one = waiting.When(Ended("c0001t001", 0.1m));
        Assert.Equal(["ToolCallCompleted"], one.News.Names());
        Assert.Equal(Pending.Child, SlotUse.Of(one.Run));

        var decision = A.Decide(one.Run, Boss, Ended("c0001t002", 0.2m));
        Assert.Equal(["ToolCallCompleted", "ModelCallScheduled"], decision.Events.Names());
        Assert.True(decision.Slot().IsRecalled);
        Assert.Empty(decision.Due());
    }

    [Fact]
    public void A_run_with_other_work_in_flight_keeps_its_slot() =>
        Assert.Null(SlotUse.Of(Asking(ChildOf.Tool, "search_documents").When(Wanted("c0001t001", First)).Run));

    [Fact]
    public void What_is_left_is_shared_by_those_it_starts_and_what_they_spent_counts_against_its_own_budget()
    {
        var waiting = Asking(ChildOf.Tool, ChildOf.Tool).When(Wanted("c0001t001", First)).When(Wanted("c0001t002", Second));
        Assert.Equal([0.495m, 0.495m], waiting.History.OfType<ChildRunStarted>().Select(started => started.HeldUsd));
        Assert.Equal(1m, waiting.Run.CommittedUsd());

        var ended = waiting.When(Ended("c0001t001", 0.1m)).When(Ended("c0001t002", 0.2m));
        Assert.Equal((0.01m, 0.31m), (ended.Run.SpentAtMostUsd(), ended.Run.CommittedUsd()));
    }

    [Fact]
    public void A_wish_that_comes_twice_starts_one_run()
    {
        var once = Asking(ChildOf.Tool).When(Wanted("c0001t001", First));

        Assert.Empty(once.When(Wanted("c0001t001", Second)).News);
    }

    [Fact]
    public void An_outcome_that_comes_twice_counts_once()
    {
        var ended = Asking(ChildOf.Tool).When(Wanted("c0001t001", First)).When(Ended("c0001t001", 0.1m));

        Assert.Empty(ended.When(Ended("c0001t001", 0.1m)).News);
    }

    [Fact]
    public void An_agent_that_the_step_does_not_name_is_not_asked_and_the_model_is_told()
    {
        var refused = Asking(ChildOf.Tool).When(Wanted("c0001t001", First, agent: "clerk"));

        Assert.Equal(["ToolCallFailed", "ModelCallScheduled"], refused.News.Names());
        Assert.Equal(FailureKind.BadArguments, refused.News.Only<ToolCallFailed>().Failure.Kind);
    }

    [Theory]
    [InlineData(ChildOf.MostDepth - 1, true)]
    [InlineData(ChildOf.MostDepth, false)]
    public void Runs_start_runs_only_so_deep(int depth, bool may)
    {
        var run = Asking(ChildOf.Tool).Run with { ChildOf = new(First, "c0001t001", 1, First, depth) };

        var decided = A.Decide(run, Boss, Wanted("c0001t001", Second)).Events;

        Assert.Equal(may, decided.Any(fact => fact is ChildRunStarted));
        if (!may) Assert.Equal(FailureKind.CallLimit, decided.Only<ToolCallFailed>().Failure.Kind);
    }

    [Fact]
    public void A_run_starts_only_so_many() => Assert.Equal(
        FailureKind.CallLimit,
        A.Decide(Asking(ChildOf.Tool).Run with { Children = ChildOf.MostChildren }, Boss, Wanted("c0001t001", First)).Events.Only<ToolCallFailed>()
            .Failure.Kind);

    [Fact]
    public void A_run_that_has_nothing_left_to_spend_starts_none() => Assert.Equal(
        FailureKind.CostLimit,
        A.Decide(Asking(ChildOf.Tool).Run with { ChildrenUsd = 0.99m }, Boss, Wanted("c0001t001", First)).Events.Only<ToolCallFailed>().Failure.Kind);

    [Fact]
    public void A_run_that_ends_has_those_that_it_started_ended()
    {
        var waiting = Asking(ChildOf.Tool, ChildOf.Tool).When(Wanted("c0001t001", First)).When(Wanted("c0001t002", Second))
            .When(Ended("c0001t001", 0.1m));

        foreach (var end in new object[] { new CancelRun("ada", "enough"), new ExpireRun() })
            Assert.Equal([new EndChild(Second, A.Id)], waiting.When(end).Work.Select(work => work.Message));
        Assert.Empty(waiting.When(new PauseRun("ada", "look")).Work);
    }

    [Fact]
    public void A_run_that_was_started_by_another_tells_it_when_it_ends()
    {
        var parent = new ChildOf(First, "c0001t001", 2, First, 1);
        var child = A.Calling(Boss);
        child = child with { Run = child.Run with { ChildOf = parent } };

        foreach (var end in new object[] { A.Reply(1, "Done."), new CancelRun("ada", "enough"), new ExpireRun() })
            Assert.Contains(new RunTool(First, "c0001t001", 2), child.When(end).Work.Select(work => work.Message));
        Assert.DoesNotContain(
            new RunTool(First, "c0001t001", 2), child.When(A.Reply(1, "", tools: "search_documents")).Work.Select(work => work.Message));
    }

    [Fact]
    public void The_end_of_a_run_that_was_waited_for_is_recorded_even_when_nobody_waits_any_more()
    {
        var cancelled = Asking(ChildOf.Tool).When(Wanted("c0001t001", First)).When(new CancelRun("ada", "enough"));

        var told = cancelled.When(A.ToolFailure("c0001t001", FailureKind.ToolError) with { ChildUsd = 0.3m });

        Assert.Equal(["ToolCallFailed"], told.News.Names());
        Assert.Equal(0.31m, told.Run.CommittedUsd());
    }

    [Theory, InlineData(true), InlineData(false)]
    public void The_end_of_a_child_that_spent_less_than_was_held_lets_a_run_that_is_parked_for_its_own_budget_go_on(bool isAnswered)
    {
        var waiting = Asking(ChildOf.Tool).When(Wanted("c0001t001", First));
        var parked = Story.Of(Boss, [.. waiting.History, new RunParked(A.Because(FailureKind.BudgetRefused), OwnBudget(leastUsd: 0.5m))]);
        RecordToolFailure failed(decimal usd) => A.ToolFailure("c0001t001", FailureKind.ToolError) with { ChildUsd = usd };

        var ended = parked.When(isAnswered ? Ended("c0001t001", 0.1m) : failed(0.1m));
        Assert.Equal([isAnswered ? "ToolCallCompleted" : "ToolCallFailed", "RunResumed", "ModelCallScheduled"], ended.News.Names());

        var dear = parked.When(isAnswered ? Ended("c0001t001", 0.6m) : failed(0.6m));
        Assert.Equal([isAnswered ? "ToolCallCompleted" : "ToolCallFailed"], dear.News.Names());
    }

    [Fact]
    public void A_step_that_could_start_no_run_for_want_of_money_waits_for_the_runs_own_budget()
    {
        var step = new ToolStep(
            "ask", new(ChildOf.Tool, Agents: ["research"]), new Dictionary<string, Argument> { ["question"] = new Argument.Question() });
        var poor = A.Queued(Boss with { Steps = [step] }, budgetUsd: 0.5m).When(new HoldForFork(Second, 0.5m, []), new StartRun("w1"));

        var parked = poor.When(Wanted("s0000t001", First));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());
        Assert.Equal(BudgetName.Of(A.Id), parked.Run.AwaitsBudget?.Budget);

        var again = parked.When(new RecordForkEnded(Second, 0.1m));
        Assert.Equal(["ForkEnded", "RunResumed", "ToolCallScheduled"], again.News.Names());
        Assert.Equal(0.4m, again.When(Wanted("s0000t001", First, attempt: 2)).News.Only<ChildRunStarted>().HeldUsd);
    }

    static BudgetRefusal OwnBudget(decimal leastUsd) => new(BudgetName.Of(A.Id), 1, 1, 0, leastUsd, leastUsd);

    [Fact]
    public void A_step_that_may_start_runs_names_the_agents()
    {
        Assert.Empty(Boss.Problems());
        Assert.Equal(["research"], Boss.AgentsItMayStart());
        Assert.NotEmpty((Boss with { Steps = [new ModelStep("work", "", [new(ChildOf.Tool)])] }).Problems());
        Assert.NotEmpty((Boss with { Steps = [new ModelStep("work", "", [new("search_documents", Agents: ["research"])])] }).Problems());
    }
}
