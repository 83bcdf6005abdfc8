using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <param name="Version">A version that was pushed, from 1.</param>
/// <param name="Percent">How many of a hundred new runs get it, from 0 to 100.</param>
public sealed record SetTrialRequest(int? Version, decimal? Percent);

/// <summary>
/// Gives a version to a share of new runs that name the agent alone. Which runs, a hash of their id says. Runs that have begun keep theirs.
/// </summary>
public static class SetAgentTrialEndpoint
{
    [WolverinePut("/agents/{name}/trial"), Requires(Permissions.Administer)]
    [ProducesResponseType<TrialView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403),
     ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Put(
        SetTrialRequest request, string name, [FromQuery] string? scope, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var (owner, refusal) = AgentOwner.Of(Caller.Of(http), scope);
        if (owner is null) return refusal!;
        if (request.Version is not >= 1) return AgentProblems.NoVersion();
        if (request.Percent is not (>= 0 and <= 100)) return Refusals.Malformed("Bad percent", "A share is from 0 to 100.").Answer();

        var trial = new TrialView(request.Version.Value, request.Percent.Value);
        return await store.SetTrial(owner, name, trial.Version, trial.Percent, Caller.Of(http).Actor, ct)
            ? Results.Ok(trial)
            : AgentProblems.UnknownVersion(name, trial.Version);
    }
}
