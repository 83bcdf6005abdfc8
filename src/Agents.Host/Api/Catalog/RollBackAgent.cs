using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <param name="From">The version that new runs no longer get.</param>
/// <param name="To">The version that is live. Null when a trial was ended, or the agent for all tenants, or of the program, takes its place.</param>
/// <param name="TrialEnded">A trial was ended, and what is live stays.</param>
public sealed record RolledBackAgent(string Name, int? From, int? To, bool TrialEnded);

/// <summary>
/// Takes the last version back at once: ends the trial if there is one; else what was live before is live again. Runs that have begun keep theirs.
/// </summary>
public static class RollBackAgentEndpoint
{
    [WolverinePost("/agents/{name}/rollback"), Requires(Permissions.Administer)]
    [ProducesResponseType<RolledBackAgent>(200), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404),
     ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(string name, [FromQuery] string? scope, AgentStore store, HttpContext http, CancellationToken ct)
    {
        var (owner, refusal) = AgentOwner.Of(Caller.Of(http), scope);
        if (owner is null) return refusal!;

        var done = await store.RollBack(owner, name, Caller.Of(http).Actor, ct);
        return done.Outcome switch
        {
            RollBackOutcome.NothingLive => Refusals.Unknown(
                "Nothing to roll back", "No pushed version of that name is live or on trial here.").Answer(),
            RollBackOutcome.NothingBefore => Refusals.Conflict(
                "Nothing before", $"Version {done.From} was the first to be live. DELETE /agents/{name}/aliases/live takes the agent away.").Answer(),
            _ => Results.Ok(new RolledBackAgent(name, done.From, done.To, done.Outcome is RollBackOutcome.TrialEnded)),
        };
    }
}
