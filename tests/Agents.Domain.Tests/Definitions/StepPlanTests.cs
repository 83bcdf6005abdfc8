using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Definitions;

/// <summary>What follows from a definition alone is derived once for it, and what conditions look at is read once for all of them.</summary>
public sealed class StepPlanTests
{
    const int Many = 1_000;

    [Fact]
    public void A_long_definition_is_read_once_and_not_at_each_step()
    {
        var agent = Long("visits.s0 < 0 or question == 'never' or label.tier == 'none'");
        Assert.Empty(agent.Problems());
        var story = A.Calling(agent);

        Assert.InRange(Allocated(() => story.When(A.Reply(1, "Done."))), 0, 1_500_000); // a thousand conditions, read anew, take twice that
    }

    [Fact]
    public void An_output_that_many_conditions_look_at_is_read_once()
    {
        var story = A.Calling(Long("output.s0[0] == 2"));
        var reply = A.Reply(1, $"[1,\"{new string('x', 100_000)}\"]");

        Assert.InRange(Allocated(() => story.When(reply)), 0, 5_000_000); // a thousand times 100 kB are 100 MB
    }

    [Fact]
    public void Of_a_definition_that_was_changed_the_changed_steps_count()
    {
        var agent = Long("true");
        Assert.False(agent.MayEndWith(0) && agent.Steps[1].When is null);
        var changed = agent with { Steps = [agent.Steps[0], agent.Steps[1] with { When = null, Next = StepDefinition.End }, agent.Steps[2]] };

        Assert.Equal((true, false), (agent.MayEndWith(0), changed.MayEndWith(0)));
        Assert.Equal((2, null), (agent.After(1), changed.After(1)));
        Assert.Equal((Many - 1, -1), (agent.PositionOf($"s{Many - 1}"), changed.PositionOf($"s{Many - 1}")));
    }

    [Fact]
    public void A_definition_with_problems_is_looked_at_without_end()
    {
        var circle = new AgentDefinition
        {
            Name = "circle",
            Steps = [new ModelStep("a", "") { When = "false" }, new ModelStep("b", "") { When = "=", Else = "a", Next = "nowhere" }],
        };

        Assert.Equal(3, circle.Problems().Count());
        Assert.Equal((false, true), (circle.MayEndWith(0), circle.MayEndWith(1)));
    }

    static AgentDefinition Long(string when) => new()
    {
        Name = "long", Model = "small",
        Steps = [.. Enumerable.Range(0, Many).Select(n => new ModelStep($"s{n}", "Say.") { When = n == 0 ? null : when })],
    };

    /// <summary>Bytes, the second time.</summary>
    static long Allocated(Func<Story> what)
    {
        Assert.Equal(RunStatus.Completed, what().Run.Status);
        var before = GC.GetAllocatedBytesForCurrentThread();
        what();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
