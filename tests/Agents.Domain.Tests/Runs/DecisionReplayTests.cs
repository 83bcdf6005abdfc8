using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Decisions that are derived again from recorded outcomes; <see cref="RandomHistoriesTests"/> do so for thousands of runs.</summary>
public sealed class DecisionReplayTests
{
    static readonly Guid Other = new("0199a0c4-0000-7000-8000-00000000000a");

    static readonly AgentDefinition Boss = new()
    {
        Name = "boss",
        Model = "small",
        Steps = [new ModelStep("work", "Have it done.", [new(ChildOf.Tool, Agents: ["research"])])],
        Limits = new(CostUsd: 1),
    };

    static RecordChildWanted Wanted(string toolCallId) => new(
        toolCallId, 1, Other, new("research", 1, "hash", "small", "What else?", 5, "ada", TimeSpan.FromMinutes(1)));

    static Divergence? Check(Story story) => DecisionReplay.Check(A.Id, story.History, story.Agent);

    [Fact]
    public void A_run_from_question_to_answer_is_derived_again()
    {
        var story = A.Searching().When(A.Result("s0001t001", passages: A.Passage("p"))).When(A.Result("s0001t002")).Answered("Useful: [1]");

        Assert.Contains("PassagesRetrieved", story.History.Names());
        Assert.Null(Check(story));
    }

    [Fact]
    public void Forks_children_and_budgets_are_derived_again()
    {
        var children = A.Calling(Boss).When(A.Reply(1, "", tools: ChildOf.Tool)).When(Wanted("c0001t001"))
            .When(A.Result("c0001t001") with { ChildUsd = 0.2m }).Answered("Done.");
        var forks = A.Started(A.Assistant, budgetUsd: 0.08m).When(new HoldForFork(Other, null, [])).Claimed(0.02m)
            .When(A.Reply(1, "", 0.02m, tools: "search_documents")).When(new RecordForkEnded(Other, 0.01m)).When(A.Result("c0001t001"));

        Assert.Contains("ChildRunStarted", children.History.Names());
        Assert.Contains("ForkEnded", forks.History.Names());
        Assert.Null(Check(children));
        Assert.Null(Check(forks));
    }

    [Fact]
    public void A_fork_begins_with_what_the_run_that_it_continues_tells()
    {
        var origin = A.Calling(A.Assistant).When(A.Reply(1, "Done."));
        var (at, run) = Forking.PointAt(A.Id, origin.History, origin.Agent, null)!.Value;
        var inherited = Forking.StateOf(run, origin.History.Take((int)at), origin.Agent, "another try");
        var fork = Story.Of(origin.Agent, A.Question(origin.Agent) with { ForkedFrom = new(A.Id, at) }, inherited).When(new StartRun("w1"));

        Assert.Null(DecisionReplay.Check(A.Id, fork.History, fork.Agent, (run, origin.History.Take((int)at).ToList())));
        Assert.Equal(2, DecisionReplay.Check(
            A.Id, fork.History.SetItem(1, inherited with { InheritedUsd = 7 }), fork.Agent, (run, origin.History.Take((int)at).ToList()))!.Version);
    }

    [Fact]
    public void The_first_fact_that_would_not_be_decided_is_told_with_both_sides()
    {
        var story = A.Calling(A.Assistant).When(A.ModelFailure(FailureKind.Unavailable));
        var stored = story.History.SetItem(story.History.Count - 1, new ModelCallScheduled(1, 2, 0, "large", TimeSpan.FromDays(1)));

        var divergence = DecisionReplay.Check(A.Id, stored, story.Agent)!;

        Assert.Equal(story.History.Count, divergence.Version);
        Assert.Equal("small", Assert.IsType<ModelCallScheduled>(divergence.Decided[0]).Model);
        Assert.Equal("large", Assert.IsType<ModelCallScheduled>(divergence.Stored).Model);
    }

    [Fact]
    public void Facts_that_are_missing_at_the_end_are_told()
    {
        var story = A.Calling(A.Assistant).When(A.Reply(1, "Done."));

        var divergence = DecisionReplay.Check(A.Id, story.History.RemoveAt(story.History.Count - 1), story.Agent)!;

        Assert.Equal((story.History.Count, null), (divergence.Version, divergence.Stored));
        Assert.IsType<RunCompleted>(Assert.Single(divergence.Decided));
    }

    [Fact]
    public void When_a_run_closes_and_the_fact_that_says_with_which_model_is_missing_that_is_what_is_missing()
    {
        var agent = A.Research with { AtLimit = AtLimit.Close, Fallback = new(["spare"]) };
        var story = A.Started(agent);
        var refusal = new BudgetRefusal(BudgetName.Of(A.Id), 0.05m, 0.03m, 0.01m, 0.02m, 0.015m);
        var closing = story.When(new RefuseModelCall(1, 1, refusal, CloseWith: 1));

        for (var left = story.History.Count + 1; left < closing.History.Count; left++)
        {
            var divergence = DecisionReplay.Check(A.Id, closing.History.Take(left).ToList(), agent)!;
            Assert.Equal((left + 1L, null), (divergence.Version, divergence.Stored));
            Assert.IsType(closing.History[left].GetType(), divergence.Decided[0]);
        }

        Assert.Null(DecisionReplay.Check(A.Id, closing.History, agent));
    }

    [Theory]
    [InlineData("a second start")]
    [InlineData("a reply that no worker had claimed")]
    [InlineData("an end that nothing brought")]
    public void A_fact_that_nothing_asked_for_is_told(string which)
    {
        var story = A.Started(A.Assistant);
        RunEvent stray = which switch
        {
            "a second start" => new RunStarted("w2"),
            "an end that nothing brought" => new RunCompleted("Forged.", []),
            _ => story.Claimed().When(A.Reply(1, "Forged.")).History.OfType<ModelCallCompleted>().Single(),
        };

        var divergence = DecisionReplay.Check(A.Id, story.History.Add(stray), story.Agent)!;

        Assert.Equal((story.History.Count + 1L, 0), (divergence.Version, divergence.Decided.Count));
        Assert.Same(stray, divergence.Stored);
    }

    [Fact]
    public void Another_definition_is_found_where_it_first_matters()
    {
        var story = A.Calling(A.Assistant).When(A.ModelFailure(FailureKind.Unavailable));

        var divergence = DecisionReplay.Check(A.Id, story.History, story.Agent with { Limits = story.Agent.Limits with { Attempts = 1 } })!;

        Assert.IsType<RunParked>(divergence.Decided[0]);
        Assert.IsType<ModelCallScheduled>(divergence.Stored);
    }
}
