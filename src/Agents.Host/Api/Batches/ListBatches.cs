using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>Batches and how far they are, newest first.</summary>
public static class ListBatchesEndpoint
{
    static readonly Paging Pages = new(Default: 20, Most: 100);

    public static ProblemDetails Validate(string? cursor, int? limit) => Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;

    [WolverineGet("/batches"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<BatchView>>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<Page<BatchView>> Get(
        [FromQuery] string? cursor, [FromQuery] int? limit, BatchReader batches, HttpContext http, CancellationToken ct) =>
        batches.All(Caller.Of(http).Tenant, Paging.Before(cursor), Pages.Limit(limit), ct);
}
