using System.Globalization;
using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Changes;

/// <summary>
/// Who changed documents, dead letters, limits and pauses of the caller's tenant, newest first; to the platform also those of what tenants share and
/// are granted. Pass <c>next</c> as <c>before</c> for the next page.
/// </summary>
public static class ListChangesEndpoint
{
    static readonly Paging Pages = new(Default: 100, Most: 1000);

    public static ProblemDetails Validate([FromQuery] long? before, [FromQuery] int? limit) => before < 1
        ? Refusals.Malformed("Bad before", "Pass the next of an earlier page as it is.")
        : Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/changes"), Requires(Permissions.Administer)]
    [ProducesResponseType<Page<ChangeView>>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<Page<ChangeView>> Get(
        [FromQuery] long? before, [FromQuery] int? limit, ChangeLog changes, HttpContext http, CancellationToken ct)
    {
        var (caller, most) = (Caller.Of(http), Pages.Limit(limit));
        var found = await changes.List(caller.Tenant, caller.IsPlatform, before, most + 1, ct);
        return found.Count > most
            ? new([.. found.Take(most)], found[most - 1].Id.ToString(CultureInfo.InvariantCulture))
            : new(found, null);
    }
}
