using Agents.Host.Catalog;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>The agents that can be asked.</summary>
public static class ListAgentsEndpoint
{
    [WolverineGet("/agents"), Requires(Permissions.Read)]
    public static async Task<Page<AgentView>> Get(AgentCatalog agents, HttpContext http, CancellationToken ct) =>
        new([.. (await agents.List(Caller.Of(http).Tenant, ct)).Select(AgentViews.Of)], null);
}
