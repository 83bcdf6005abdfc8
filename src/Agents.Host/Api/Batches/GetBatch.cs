using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>How far a batch is, and what it has cost so far.</summary>
public static class GetBatchEndpoint
{
    [WolverineGet("/batches/{id}"), Requires(Permissions.Read)]
    [ProducesResponseType<BatchView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, BatchReader batches, HttpContext http, CancellationToken ct) =>
        await batches.Find(Caller.Of(http).Tenant, id, ct) is { } batch ? Results.Ok(batch) : BatchProblems.NotFound(id);
}
