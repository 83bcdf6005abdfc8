using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>Removes an alias; versions stay. Without <c>live</c> the name means the agent for all tenants, or that of the program.</summary>
public static class RemoveAgentAliasEndpoint
{
    [WolverineDelete("/agents/{name}/aliases/{alias}"), Requires(Permissions.Administer)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(
        string name, string alias, [FromQuery] string? scope, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var (owner, refusal) = AgentOwner.Of(Caller.Of(http), scope);
        if (owner is null) return refusal!;
        return await store.RemoveAlias(owner, name, alias, Caller.Of(http).Actor, ct)
            ? Results.NoContent()
            : Refusals.Unknown("Unknown alias", "The agent has no such alias. GET /agents/{name} shows those it has.").Answer();
    }
}
