using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The runs of a thread, oldest first.</summary>
public static class GetThreadEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate([FromQuery] string? cursor, [FromQuery] int? limit) =>
        Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;

    [WolverineGet("/threads/{threadId}"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<RunView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        string threadId, [FromQuery] string? cursor, [FromQuery] int? limit, RunReader runs, HttpContext http, CancellationToken ct)
    {
        var page = await runs.Thread(Caller.Of(http).Tenant, threadId, Paging.Before(cursor), Pages.Limit(limit), ct);
        return page.Items.Count > 0 || cursor is not null
            ? Results.Ok(page)
            : Refusals.Unknown("Unknown thread", "A thread begins with its first run.").Answer();
    }
}
