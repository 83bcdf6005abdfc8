using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>One agent: its steps, tools and limits, what its aliases stand for, and who changed that last.</summary>
public static class GetAgentEndpoint
{
    [WolverineGet("/agents/{name}"), Requires(Permissions.Read)]
    [ProducesResponseType<AgentView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string name, AgentCatalog agents, AgentReader pushed, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await agents.Show(caller.Tenant, name, ct) is not { } agent) return AgentProblems.Unknown();
        var changes = await pushed.Changes(caller.Tenant, name, ct);
        return Results.Ok(AgentViews.Of(agent) with { Changes = changes.ConvertAll(change => AgentViews.Of(change, caller)) });
    }
}
