using Agents.Host.Catalog;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>The agents that can be asked.</summary>
public static class ListAgentsEndpoint
{
    [WolverineGet("/agents"), Requires(Permissions.Read)]
    public static Page<AgentView> Get(AgentCatalog agents) => new([.. agents.All.Select(AgentViews.Of)], null);
}
