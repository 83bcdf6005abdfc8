using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

/// <summary>What an agent's author is told about steps that decide.</summary>
public sealed class StepOrderTests
{
    [Fact]
    public void A_step_leads_only_to_steps_that_there_are()
    {
        Assert.Equal(["Step a leads to c, which is no step of the agent."], Problems(Say("a") with { Next = "c" }, Say("b")));
        Assert.Equal(["Step a leads to c, which is no step of the agent."], Problems(Say("a") with { When = "true", Else = "c" }, Say("b")));
        Assert.Empty(Problems(Say("a") with { Next = "end", When = "true", Else = "b" }, Say("b")));
    }

    [Theory, InlineData("a"), InlineData("b")]
    public void A_step_that_is_skipped_leads_only_onwards(string target) => Assert.Equal(
        [$"Step b leads to {target} when it is skipped, which does not stand behind it."],
        Problems(Say("a"), Say("b") with { When = "false", Else = target }));

    [Theory, InlineData("a"), InlineData("b")]
    public void A_step_that_leads_back_says_how_often(string target)
    {
        Assert.Equal(
            [$"Step b leads back to {target} and does not say how often; give it visits."], Problems(Say("a"), Say("b") with { Next = target }));
        Assert.Empty(Problems(Say("a"), Say("b") with { Next = target, Visits = 3 }));
    }

    [Theory, InlineData(0), InlineData(1_001), InlineData(-1)]
    public void Visits_are_bounded(int visits) =>
        Assert.Equal(["Step a may be visited 1 to 1,000 times."], Problems(Say("a") with { Visits = visits }));

    [Fact]
    public void A_run_can_come_to_no_more_than_ten_thousand_steps()
    {
        Assert.Empty(Problems([.. Many(9), Say("last") with { Next = "s0", Visits = 999 }]));
        Assert.Equal(
            ["A run could come to a step 10,010 times in all; 10,000 are allowed. Lower the visits."],
            Problems([.. Many(9), Say("last") with { Next = "s0", Visits = 1_000 }]));
        Assert.NotEmpty(Problems([.. Enumerable.Range(0, 900).Select(n => Say($"s{n}") with { Next = $"s{n}", Visits = 1_000 })]));
    }

    [Fact]
    public void An_agent_has_at_most_a_thousand_steps()
    {
        Assert.Empty(Problems(Many(1_000)));
        Assert.Equal(["An agent has at most 1,000 steps; this one has 10,000."], Problems(Many(10_000)));
    }

    [Fact]
    public void No_step_is_named_like_the_end() => Assert.Equal(["No step may be named end: that is where a run ends."], Problems(Say("end")));

    [Fact]
    public void A_condition_that_cannot_be_read_is_told_with_its_place() => Assert.Equal(
        ["Step a has a condition that cannot be read. At character 12, a value is expected, not the end."],
        Problems(Say("a") with { When = "visits.a ==" }));

    [Fact]
    public void A_condition_looks_only_at_steps_that_there_are_and_at_outputs_there_can_be()
    {
        Assert.Equal(
            ["The condition of step b reads c, which is no step before it.", "The condition of step b counts d, which is no step of the agent."],
            Problems(Say("a"), Say("b") with { When = "output.c == output.a or visits.d > visits.e" }, Say("e")));
        Assert.Equal(
            ["The condition of step a reads b, which is no step before it."], Problems(Say("a") with { When = "output.b == null" }, Say("b")));
        Assert.Empty(Problems(Say("a") with { When = "output.b == null" }, Say("b") with { Next = "a", Visits = 2 }));
    }

    [Fact]
    public void What_stands_in_a_loop_may_be_read_before_it_and_what_stands_behind_may_not()
    {
        StepDefinition[] loop = [Call("a", new Argument.Output("b")), Say("b") with { Next = "a", Visits = 2 }, Say("c")];
        Assert.Empty(Problems(loop));
        Assert.Equal(["Step a reads c, which is no step before it."], Problems([Call("a", new Argument.Output("c")), .. loop[1..]]));
    }

    [Fact]
    public void The_bounds_of_a_list_are_checked()
    {
        Assert.Empty(Problems(Say("a"), Call("b", new Argument.Item("id")) with { ForEach = new(new("a", "orders")) }));
        Assert.Equal(["Step b takes an item, but has no list."], Problems(Say("a"), Call("b", new Argument.Item())));
        Assert.Equal(
            ["Step b has a list, so no argument may be taken from each line."],
            Problems(Say("a"), Call("b", new Argument.EachLine("a")) with { ForEach = new(new("a")) }));
        Assert.Equal(["Step b reads c, which is no step before it."], Problems(Say("a"), Call("b") with { ForEach = new(new("c")) }));
        Assert.Equal(
            ["Step b must make at least one call at a time.", "Step b may not allow less than no failure.", "Step b may have 1 to 500 items."],
            Problems(Say("a"), Call("b") with { ForEach = new(new("a"), Parallel: 0, Failures: -1, Most: 501) }));
    }

    [Theory]
    [InlineData("a..b", "At character 3, a member's name is expected, not \".\".")]
    [InlineData("a[", "At character 3, a position from 0 or a name in quotes is expected, not the end.")]
    [InlineData("", "At character 1, a member's name is expected, not the end.")]
    [InlineData("a b", "At character 3, \".\", \"[\" or the end is expected, not \"b\".")]
    public void A_path_that_cannot_be_read_is_told_with_its_place(string path, string problem) => Assert.Equal(
        [$"Step b reads {path}, which is no path. {problem}"], Problems(Say("a"), Call("b", new Argument.Output("a", path))));

    [Fact]
    public void Conditions_and_lists_read_outputs_and_make_tool_steps_keep_theirs()
    {
        var agent = Agent(
            Say("a"), Call("b"), Call("c", new Argument.Output("b")), Call("d") with { ForEach = new(new("a")) },
            Say("e") with { When = "output.d == null" }, Say("f"));

        Assert.Equal([true, true, false, true, false, false], Enumerable.Range(0, 6).Select(agent.IsReadLater));
        Assert.Equal([false, false, false, false, false, true], Enumerable.Range(0, 6).Select(agent.MayEndWith));
    }

    [Fact]
    public void A_run_may_end_with_every_step_behind_which_all_may_be_skipped()
    {
        var agent = Agent(Say("a"), Say("b") with { When = "false" }, Say("c") with { Visits = 1, Else = "end" }, Say("d"));

        Assert.Equal([true, true, false, true], Enumerable.Range(0, 4).Select(agent.MayEndWith));
    }

    [Fact]
    public void Steps_that_decide_survive_the_journey_through_json()
    {
        var agent = A.Editor with
        {
            Steps = [.. A.Editor.Steps, Call("last", new Argument.Output("draft", "a[0]"), new Argument.Item("b")) with { ForEach = new(new("send", "c")) }],
        };

        var back = JsonSerializer.Deserialize<AgentDefinition>(JsonSerializer.Serialize(agent))!;

        Assert.Equal(agent.Hash(), back.Hash());
        Assert.Equivalent(agent, back, strict: true);
    }

    static ModelStep Say(string name) => new(name, "Say.");

    static ToolStep Call(string name, params Argument[] arguments) => new(
        name, new("search_documents"),
        arguments.Select((argument, index) => (argument, index)).ToDictionary(pair => $"p{pair.index}", pair => pair.argument));

    static StepDefinition[] Many(int count) => [.. Enumerable.Range(0, count).Select(n => Say($"s{n}"))];

    static AgentDefinition Agent(params StepDefinition[] steps) => new() { Name = "a", Steps = steps };

    static IEnumerable<string> Problems(params StepDefinition[] steps) => Agent(steps).Problems();
}
