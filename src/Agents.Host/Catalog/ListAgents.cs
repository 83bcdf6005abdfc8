using Agents.Domain.Definitions;
using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Catalog;

/// <summary>An agent that can be asked for.</summary>
/// <param name="Hash">Names the exact definition; runs keep it.</param>
/// <param name="Model">Null means the server's default.</param>
public sealed record AgentView(string Name, int Version, string Hash, string Description, string? Model, IReadOnlyList<StepView> Steps, Limits Limits);

/// <param name="Kind">model or tool.</param>
public sealed record StepView(string Name, string Kind, IReadOnlyList<string> Tools);

/// <summary>The agents that can be asked.</summary>
public static class ListAgentsEndpoint
{
    [WolverineGet("/agents")]
    public static Page<AgentView> Get(AgentCatalog agents) => new([.. agents.All.Select(AgentViews.Of)], null);
}

/// <summary>One agent: its steps, tools and limits.</summary>
public static class GetAgentEndpoint
{
    [WolverineGet("/agents/{name}"), ProducesResponseType<AgentView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static IResult Get(string name, AgentCatalog agents) => agents.Find(name) is { } agent
        ? Results.Ok(AgentViews.Of(agent))
        : Results.Problem(statusCode: 404, title: "Unknown agent", detail: "GET /agents lists the agents there are.");
}

static class AgentViews
{
    public static AgentView Of(AgentDefinition agent) => new(
        agent.Name, agent.Version, agent.Hash(), agent.Description, agent.Model,
        [.. agent.Steps.Select(step => step is ToolStep tool
            ? new StepView(step.Name, "tool", [tool.Tool.Tool])
            : new StepView(step.Name, "model", [.. (((ModelStep)step).Tools ?? []).Select(grant => grant.Tool)]))],
        agent.Limits);
}
