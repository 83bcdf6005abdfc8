using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>Ends a trial: new runs get the live version. Runs that have begun keep theirs.</summary>
public static class EndAgentTrialEndpoint
{
    [WolverineDelete("/agents/{name}/trial"), Requires(Permissions.Administer)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string name, [FromQuery] string? scope, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var (owner, refusal) = AgentOwner.Of(Caller.Of(http), scope);
        if (owner is null) return refusal!;
        return await store.EndTrial(owner, name, Caller.Of(http).Actor, ct)
            ? Results.NoContent()
            : Refusals.Unknown("No trial", "No version of the agent is on trial.").Answer();
    }
}
