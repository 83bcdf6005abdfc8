using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>The items of a batch with their answers, in the order of the request, page by page.</summary>
public static class GetBatchItemsEndpoint
{
    const int DefaultLimit = 200;
    const int MostAtOnce = 1000;

    public static ProblemDetails Validate(int? after, int? limit)
    {
        if (after is < -1) return new() { Status = 400, Title = "Bad cursor", Detail = "Pass the next of an earlier page as after." };
        return limit is < 1 or > MostAtOnce
            ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {MostAtOnce:N0}." }
            : WolverineContinue.NoProblems;
    }

    [WolverineGet("/batches/{id}/items"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<BatchItemView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, [FromQuery] int? after, [FromQuery] int? limit, BatchReader batches, HttpContext http, CancellationToken ct)
    {
        var page = await batches.Items(Caller.Of(http).Tenant, id, after ?? -1, limit ?? DefaultLimit, ct);
        return page.Items.Count > 0 || after >= 0 ? Results.Ok(page) : BatchProblems.NotFound(id); // no batch is empty
    }
}
