using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <param name="Version">A version that was pushed, from 1.</param>
public sealed record SetAliasRequest(int? Version);

/// <summary>Lets an alias stand for a version, from the next run on. The alias <c>live</c> is what the plain name means.</summary>
public static class SetAgentAliasEndpoint
{
    [WolverinePut("/agents/{name}/aliases/{alias}"), Requires(Permissions.Administer)]
    [ProducesResponseType<SetAliasRequest>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403),
     ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Put(
        SetAliasRequest request, string name, string alias, [FromQuery] string? scope, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var (owner, refusal) = AgentOwner.Of(Caller.Of(http), scope);
        if (owner is null) return refusal!;
        if (!AgentName.IsAlias(alias)) return AgentProblems.BadAlias();
        if (request.Version is not >= 1) return AgentProblems.NoVersion();
        return await store.SetAlias(owner, name, alias, request.Version.Value, Caller.Of(http).Actor, ct)
            ? Results.Ok(request)
            : AgentProblems.UnknownVersion(name, request.Version);
    }
}
