using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>One agent: its steps, tools and limits.</summary>
public static class GetAgentEndpoint
{
    [WolverineGet("/agents/{name}"), Requires(Permissions.Read)]
    [ProducesResponseType<AgentView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static IResult Get(string name, AgentCatalog agents) => agents.Find(name) is { } agent
        ? Results.Ok(AgentViews.Of(agent))
        : Refusals.Unknown("Unknown agent", "GET /agents lists the agents there are.").Answer();
}
