using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Definitions;

public sealed class FallbackProblemsTests
{
    static readonly AgentDefinition Plain = new() { Name = "a", Steps = [new ModelStep("answer", "Answer.")] };

    [Fact]
    public void A_fallback_may_name_one_to_eight_models() =>
        Assert.Empty((Plain with { Fallback = new(["fast/small", "large"], 3, [FailureKind.Timeout]), AtLimit = AtLimit.Close }).Problems());

    [Fact]
    public void What_is_wrong_is_named()
    {
        Assert.Equal(["The agent's fallback needs 1 to 8 models."], Problems(new([])));
        Assert.Equal(["The agent's fallback needs 1 to 8 models."], Problems(new([.. Enumerable.Range(1, 9).Select(number => $"m{number}")])));
        Assert.Equal(["The agent's fallback has a model whose name is not 1 to 200 characters without spaces around it."], Problems(new([" m"])));
        Assert.Equal(["The agent's fallback names m twice."], Problems(new(["m", "m"])));
        Assert.Equal(["The agent's fallback may try each model 1 to 10 times."], Problems(new(["m"], 0)));
        Assert.Equal(["The agent's fallback takes over after no failure; leave out On, or name failures."], Problems(new(["m"], 1, [])));
        Assert.Equal(
            ["The agent's fallback cannot take over after BudgetRefused: no model call fails so."], Problems(new(["m"], 1, [FailureKind.BudgetRefused])));
        Assert.Equal(
            ["The fallback of step answer needs 1 to 8 models."],
            (Plain with { Steps = [new ModelStep("answer", "Answer.") { Fallback = new([]) }] }).Problems());
        Assert.Equal(
            ["An agent that closes at its limit needs a model step."],
            (Plain with { AtLimit = AtLimit.Close, Steps = [new ToolStep("t", new("t"), new Dictionary<string, Argument>())] }).Problems());
    }

    [Fact]
    public void The_failures_are_stored_by_name_and_read_back()
    {
        var agent = Plain with { Fallback = new(["m"], 2, [FailureKind.Timeout, FailureKind.RateLimited]), AtLimit = AtLimit.Close };
        var json = JsonSerializer.Serialize(agent);

        Assert.Contains("""
            "Fallback":{"Models":["m"],"Attempts":2,"On":["Timeout","RateLimited"]},"AtLimit":"Close"
            """, json, StringComparison.Ordinal);
        Assert.Equal(agent.Hash(), JsonSerializer.Deserialize<AgentDefinition>(json)!.Hash());
        Assert.Contains("There is no kind of failure Sleepy", Assert.Throws<JsonException>(
            () => JsonSerializer.Deserialize<Fallback>("""{"Models":["m"],"On":["Sleepy"]}""")).Message, StringComparison.Ordinal);
    }

    static IEnumerable<string> Problems(Fallback fallback) => (Plain with { Fallback = fallback }).Problems();
}
