using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>The items of a batch with their answers, in the order of the request, page by page.</summary>
public static class GetBatchItemsEndpoint
{
    static readonly Paging Pages = new(Default: 200, Most: 1000);

    public static ProblemDetails Validate(int? after, int? limit) => after < -1
        ? Refusals.Malformed("Bad cursor", "Pass the next of an earlier page as after.")
        : Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/batches/{id}/items"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<BatchItemView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] int? after, [FromQuery] int? limit, BatchReader batches, HttpContext http, CancellationToken ct)
    {
        var page = await batches.Items(Caller.Of(http).Tenant, id, after ?? -1, Pages.Limit(limit), ct);
        return page.Items.Count > 0 || after >= 0 ? Results.Ok(page) : BatchProblems.NotFound(id); // no batch is empty
    }
}
