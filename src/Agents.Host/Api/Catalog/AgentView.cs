using Agents.Domain.Definitions;

namespace Agents.Host.Api.Catalog;

/// <summary>An agent that can be asked for.</summary>
/// <param name="Hash">Names the exact definition; runs keep it.</param>
/// <param name="Model">Null means the server's default.</param>
public sealed record AgentView(
    string Name, int Version, string Hash, string Description, string? Model, IReadOnlyList<StepView> Steps, Limits Limits);

/// <param name="Kind">model or tool.</param>
public sealed record StepView(string Name, string Kind, IReadOnlyList<string> Tools);

static class AgentViews
{
    public static AgentView Of(AgentDefinition agent) => new(
        agent.Name, agent.Version, agent.Hash(), agent.Description, agent.Model,
        [.. agent.Steps.Select(step => step is ToolStep tool
            ? new StepView(step.Name, "tool", [tool.Tool.Tool])
            : new StepView(step.Name, "model", [.. (((ModelStep)step).Tools ?? []).Select(grant => grant.Tool)]))],
        agent.Limits);
}
