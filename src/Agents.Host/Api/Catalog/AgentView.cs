using Agents.Domain.Definitions;

namespace Agents.Host.Api.Catalog;

/// <summary>An agent that can be asked for.</summary>
/// <param name="Hash">Names the exact definition; runs keep it.</param>
/// <param name="Model">Null means the server's default.</param>
public sealed record AgentView(
    string Name, int Version, string Hash, string Description, string? Model, IReadOnlyList<StepView> Steps, Limits Limits);

/// <param name="Kind">model, tool or wait.</param>
public sealed record StepView(string Name, string Kind, IReadOnlyList<string> Tools);

static class AgentViews
{
    public static AgentView Of(AgentDefinition agent) => new(
        agent.Name, agent.Version, agent.Hash(), agent.Description, agent.Model,
        [.. agent.Steps.Select(step => new StepView(step.Name, KindOf(step), [.. step.Grants().Select(grant => grant.Tool)]))],
        agent.Limits);

    static string KindOf(StepDefinition step) => step switch
    {
        ModelStep => "model",
        ToolStep => "tool",
        WaitStep => "wait",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "A step of this kind has no name."),
    };
}
