using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The runs of a thread, oldest first.</summary>
public static class GetThreadEndpoint
{
    const int DefaultLimit = 50;
    const int MostAtOnce = 200;

    public static ProblemDetails Validate([FromQuery] int? limit) => limit is < 1 or > MostAtOnce
        ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {MostAtOnce}." }
        : WolverineContinue.NoProblems;

    [WolverineGet("/threads/{threadId}"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<RunView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        string threadId, [FromQuery] string? cursor, [FromQuery] int? limit, RunReader runs, HttpContext http, CancellationToken ct)
    {
        if (cursor is not null && !Guid.TryParse(cursor, out _))
            return Results.Problem(statusCode: 400, title: "Bad cursor", detail: "Pass the next of an earlier page as it is.");

        var page = await runs.Thread(Caller.Of(http).Tenant, threadId, cursor is null ? null : Guid.Parse(cursor), limit ?? DefaultLimit, ct);
        return page.Items.Count > 0 || cursor is not null
            ? Results.Ok(page)
            : Results.Problem(statusCode: 404, title: "Unknown thread", detail: "A thread begins with its first run.");
    }
}
