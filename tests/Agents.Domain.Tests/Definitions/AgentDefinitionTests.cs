using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class AgentDefinitionTests
{
    /// <summary>Every kind of step, of argument, and every member that may be left out.</summary>
    static readonly AgentDefinition Everything = new()
    {
        Name = "everything",
        Version = 7,
        Description = "All there is.",
        Model = "small",
        Steps =
        [
            new ModelStep("plan", "Plan.", [new("search_documents"), new("send_mail", NeedsApproval: true)], "large"),
            new ToolStep("search", new("search_documents", NeedsApproval: true), new Dictionary<string, Argument>
            {
                ["a"] = new Argument.Question(), ["b"] = new Argument.Output("plan"), ["c"] = new Argument.EachLine("plan"),
                ["d"] = new Argument.Text("fixed"),
            }),
            new ModelStep("respond", "Respond."),
        ],
        Limits = new(2, 3, 4, 0.5m, 100, 200, 5, TimeSpan.FromMinutes(5)),
    };

    [Fact]
    public void The_agents_of_the_tests_have_no_problems()
    {
        foreach (var agent in new[] { A.Research, A.Assistant, A.Mailer, A.Editor, Everything }) Assert.Empty(agent.Problems());
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_definition_survives_the_journey_through_json(bool isCamelCase)
    {
        var options = new JsonSerializerOptions { PropertyNamingPolicy = isCamelCase ? JsonNamingPolicy.CamelCase : null };
        var json = JsonSerializer.Serialize(Everything, options);
        var back = JsonSerializer.Deserialize<AgentDefinition>(json, options)!;

        Assert.Equal(json, JsonSerializer.Serialize(back, options));
        Assert.Equal(Everything.Hash(), back.Hash());
        Assert.Equivalent(Everything, back, strict: true);
        Assert.Equal(
            [typeof(Argument.Question), typeof(Argument.Output), typeof(Argument.EachLine), typeof(Argument.Text)],
            ((ToolStep)back.Steps[1]).Arguments.Values.Select(argument => argument.GetType()));
    }

    [Fact]
    public void A_definition_in_json_needs_no_more_than_a_name_and_a_step()
    {
        const string json = """{"Name":"a","Steps":[{"kind":"model","Name":"answer","Instructions":"Answer."}]}""";
        var least = JsonSerializer.Deserialize<AgentDefinition>(json)!;

        Assert.Equal(new AgentDefinition { Name = "a", Steps = [new ModelStep("answer", "Answer.")] }.Hash(), least.Hash());
        Assert.Equal((1, null, new Limits()), (least.Version, least.Model, least.Limits));
        Assert.Empty(least.Problems());
    }

    [Fact]
    public void Kinds_are_stored_under_names_that_stay()
    {
        var json = JsonSerializer.Serialize(Everything);

        foreach (var word in new[] { "\"kind\":\"model\"", "\"kind\":\"tool\"", "\"from\":\"question\"", "\"from\":\"output\"",
            "\"from\":\"each_line\"", "\"from\":\"text\"" })
            Assert.Contains(word, json, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_of_a_definition_does_not_change_by_accident() =>
        Assert.Equal("4867e34ac509a8aeefb909ddd87088d6064c26640bd74b16e9f1881e1d7ccba7", Everything.Hash());

    [Fact]
    public void Whatever_differs_makes_another_hash()
    {
        AgentDefinition[] others =
        [
            Everything, Everything with { Name = "other" }, Everything with { Version = 8 }, Everything with { Description = "" },
            Everything with { Model = null }, Everything with { Limits = new() }, Everything with { Steps = [Everything.Steps[0]] },
            Everything with { Steps = [Everything.Steps[2], Everything.Steps[0]] },
            Everything with { Steps = [Everything.Steps[0], Everything.Steps[2]] },
            Everything with { Steps = [(ModelStep)Everything.Steps[0] with { Tools = null }] },
            Everything with { Steps = [(ToolStep)Everything.Steps[1] with { Tool = new("search_documents") }] },
        ];

        Assert.Equal(others.Length, others.Select(agent => agent.Hash()).Distinct().Count());
    }

    [Fact]
    public void A_definition_needs_a_name_and_a_step() =>
        Assert.Equal(["An agent needs a name.", "An agent needs at least one step."], new AgentDefinition { Name = " ", Steps = [] }.Problems());

    [Fact]
    public void Two_steps_may_not_share_a_name() =>
        Assert.Equal(["Two steps are named plan."], With(new ModelStep("plan", "a"), new ModelStep("plan", "b")).Problems());

    [Fact]
    public void A_limit_below_its_least_is_a_problem()
    {
        Limits[] limits = [new(ModelCallsPerStep: 0), new(ToolCallsPerTurn: 0), new(Attempts: 0), new(OutputTokensPerCall: 0),
            new(ResultCharacters: 0), new(PassagesPerStep: 0)];

        foreach (var limit in limits)
            Assert.Equal(
                ["Limits on calls, attempts, tokens, characters and passages count from 1."], (Everything with { Limits = limit }).Problems());
        Assert.Equal(["A limit on cost may not be negative."], (Everything with { Limits = new(CostUsd: -1) }).Problems());
        Assert.Equal(["A limit on duration must be longer than nothing."], (Everything with { Limits = new(Duration: TimeSpan.Zero) }).Problems());
    }

    [Fact]
    public void The_order_in_which_arguments_are_written_makes_no_difference()
    {
        var turned = ((ToolStep)Everything.Steps[1]).Arguments.Reverse().ToDictionary();
        var other = Everything with { Steps = [
            Everything.Steps[0], new ToolStep("search", new("search_documents", NeedsApproval: true), turned), Everything.Steps[2]] };

        Assert.Equal(Everything.Hash(), other.Hash());
        Assert.Equal(Bound(Everything), Bound(other));

        static IReadOnlyList<string> Bound(AgentDefinition agent) => 
            ArgumentBinding.Bind((ToolStep)agent.Steps[1], new("q", _ => "one", _ => ""), most: 100);
    }

    [Fact]
    public void A_step_reads_only_steps_before_it()
    {
        Assert.Equal(
            ["Step search reads later, which is no step before it."],
            With(Search("search", new Argument.Output("later")), new ModelStep("later", "a")).Problems());
        Assert.Empty(
            With(Search("search", new Argument.Question()), Search("again", new Argument.EachLine("search")), new ModelStep("say", "a")).Problems());
        Assert.Equal(
            ["Step search reads nobody, which is no step before it."],
            With(Search("search", new Argument.EachLine("nobody")), new ModelStep("say", "a")).Problems());
    }

    [Fact]
    public void A_tool_step_takes_one_argument_from_each_line_at_most() =>
        Assert.Equal(
            ["Step search may take one argument from each line, not several."],
            With(new ModelStep("plan", "a"), Search("search", new Argument.EachLine("plan"), new Argument.EachLine("plan")),
                new ModelStep("say", "a")).Problems());

    [Fact]
    public void Only_what_a_later_tool_step_takes_is_read_later()
    {
        var agent = With(
            new ModelStep("a", ""), new ModelStep("b", ""), new ModelStep("c", ""),
            Search("search", new Argument.Output("a"), new Argument.EachLine("c")), new ModelStep("d", ""));

        Assert.Equal([true, false, true, false, false], Enumerable.Range(0, 5).Select(agent.IsReadLater));
    }

    static AgentDefinition With(params StepDefinition[] steps) => new() { Name = "a", Steps = steps };

    static ToolStep Search(string name, params Argument[] arguments) =>
        new(name, new("search_documents"),
            arguments.Select((argument, index) => (argument, index)).ToDictionary(pair => $"p{pair.index}", pair => pair.argument));
}
