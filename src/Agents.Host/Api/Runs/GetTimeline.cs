using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>What happened in a run, a row for each fact worth showing.</summary>
public static class GetTimelineEndpoint
{
    [WolverineGet("/runs/{id}/timeline"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<TimelineView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, RunReader runs, HttpContext http, CancellationToken ct) =>
        await runs.Timeline(Caller.Of(http).Tenant, id, ct) is { Count: > 0 } timeline
            ? Results.Ok(new Page<TimelineView>(timeline, null))
            : RunProblems.NotFound(id);
}
