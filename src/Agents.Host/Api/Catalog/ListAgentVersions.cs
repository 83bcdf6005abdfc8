using System.Globalization;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>
/// The versions of an agent that were pushed, newest first, and what became of the tenant's runs of each, with what they cost. Pass <c>next</c> as
/// <c>before</c> for the next page.
/// </summary>
public static class ListAgentVersionsEndpoint
{
    static readonly Paging Pages = new(Default: 20, Most: 100);

    public static ProblemDetails Validate([FromQuery] int? before, [FromQuery] int? limit) => before < 1
        ? Refusals.Malformed("Bad before", "Pass the next of an earlier page as it is.")
        : Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/agents/{name}/versions"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<AgentVersionView>>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        string name, [FromQuery] int? before, [FromQuery] int? limit, AgentCatalog agents, AgentReader pushed, HttpContext http, CancellationToken ct)
    {
        var (caller, most) = (Caller.Of(http), Pages.Limit(limit));
        var found = await pushed.Versions(caller.Tenant, name, before, most + 2, ct);
        if (found.Count == 0 && agents.BuiltInNamed(name) is null) return AgentProblems.Unknown();

        // The tenant's own version and that for all may have one number: both stand on one page.
        if (found.Count > most && found[most].Version == found[most - 1].Version) most++;
        var shown = found.Take(most).ToList();
        var outcomes = await pushed.Outcomes(caller.Tenant, shown.Select(version => version.Hash), ct);
        return Results.Ok(new Page<AgentVersionView>(
            shown.ConvertAll(version => AgentViews.Of(version, outcomes, caller)),
            found.Count > most ? shown[^1].Version.ToString(CultureInfo.InvariantCulture) : null));
    }
}
