using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class OtherWayTests
{
    static readonly AgentDefinition Agent = new()
    {
        Name = "three",
        Fallback = new(["spare"]),
        Steps =
        [
            new ModelStep("plan", "Plan."),
            new ToolStep("send", new("send_letter", NeedsApproval: true), new Dictionary<string, Argument> { ["to"] = new Argument.Output("plan") }),
            new ModelStep("report", "Report.", [new("shred", NeedsApproval: true)], Model: "old") { Fallback = new(["older"]) },
        ],
    };

    [Fact]
    public void The_model_is_another_from_the_step_on_and_nothing_takes_over_from_it()
    {
        var changed = new OtherWay("send", "new", null, RecordedTools: false).Of(Agent, from: 1);

        Assert.Equal([null, "new"], changed.Steps.OfType<ModelStep>().Select(step => step.Model));
        Assert.Null(changed.Fallback);
        Assert.Null(((ModelStep)changed.Steps[2]).Fallback);
        Assert.Equal(["spare"], ((ModelStep)changed.Steps[0]).Fallback!.Models); // it may be come to once more
        Assert.True(changed.Steps[1].Grants().Single().NeedsApproval);
        Assert.Empty(changed.Problems());
        Assert.NotEqual(Agent.Hash(), changed.Hash());
    }

    [Fact]
    public void Instructions_are_others_in_that_step_only_and_what_needs_an_approval_still_says_so()
    {
        var changed = new OtherWay("report", null, "Report briefly.", RecordedTools: true).Of(Agent, from: 2);

        Assert.Equal(["Plan.", "Report briefly."], changed.Steps.OfType<ModelStep>().Select(step => step.Instructions));
        Assert.Equal("old", ((ModelStep)changed.Steps[2]).Model);
        Assert.Equal(["spare"], changed.Fallback!.Models);
        Assert.All(changed.Steps.SelectMany(step => step.Grants()), grant => Assert.True(grant.NeedsApproval));
    }

    [Fact]
    public void Without_a_step_it_is_the_first_that_asks_a_model()
    {
        Assert.Equal(0, new OtherWay(null, "new", null, true).StepIn(Agent));
        Assert.Equal(2, new OtherWay("report", "new", null, true).StepIn(Agent));
        Assert.Null(new OtherWay("nowhere", "new", null, true).StepIn(Agent));
        Assert.Null(new OtherWay(null, "new", null, true).StepIn(Agent with { Steps = [Agent.Steps[1]] }));
    }
}
