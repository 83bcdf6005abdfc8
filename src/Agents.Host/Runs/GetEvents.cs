using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>The raw facts of a run, in order. <c>after</c> leaves out those up to a version.</summary>
public static class GetEventsEndpoint
{
    [WolverineGet("/runs/{id}/events"), ProducesResponseType<Page<EventView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, [FromQuery] long? after, RunReader runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var events = await runs.Events(tenant, id, after ?? 0, ct);
        return events.Count > 0 || await runs.Run(tenant, id, ct) is not null
            ? Results.Ok(new Page<EventView>(events, null))
            : RunProblems.NotFound(id);
    }
}
