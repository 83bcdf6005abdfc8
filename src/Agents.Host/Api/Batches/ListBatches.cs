using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>Batches and how far they are, newest first.</summary>
public static class ListBatchesEndpoint
{
    const int DefaultLimit = 20;
    const int MostAtOnce = 100;

    public static ProblemDetails Validate(string? cursor, int? limit)
    {
        if (cursor is not null && !Guid.TryParse(cursor, out _)) return new() { Status = 400, Title = "Bad cursor", Detail = "Pass the next of an earlier page as it is." };
        return limit is < 1 or > MostAtOnce
            ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {MostAtOnce}." }
            : WolverineContinue.NoProblems;
    }

    [WolverineGet("/batches"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<BatchView>>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<Page<BatchView>> Get([FromQuery] string? cursor, [FromQuery] int? limit, BatchReader batches, HttpContext http, CancellationToken ct) =>
        batches.All(Caller.Of(http).Tenant, cursor is null ? null : Guid.Parse(cursor), limit ?? DefaultLimit, ct);
}
