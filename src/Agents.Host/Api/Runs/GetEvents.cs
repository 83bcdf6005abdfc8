using System.Globalization;
using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The raw facts of a run, in order: those after a version, a page at a time. Pass <c>next</c> as <c>after</c> for the next page.</summary>
public static class GetEventsEndpoint
{
    static readonly Paging Pages = new(Default: 500, Most: 1000);

    public static ProblemDetails Validate([FromQuery] long? after, [FromQuery] int? limit) =>
        StreamStart.Problem(after, lastEventId: null, "a version") ?? Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/runs/{id}/events"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<EventView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] long? after, [FromQuery] int? limit, RunReader runs, HttpContext http, CancellationToken ct)
    {
        var (tenant, most) = (Caller.Of(http).Tenant, Pages.Limit(limit));
        var events = await runs.Events(tenant, id, after ?? 0, most, ct);
        if (events.Count == 0 && await runs.Run(tenant, id, ct) is null) return RunProblems.NotFound(id);

        var next = events.Count == most ? events[^1].Version.ToString(CultureInfo.InvariantCulture) : null;
        return Results.Ok(new Page<EventView>(events, next));
    }
}
