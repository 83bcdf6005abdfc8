using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.WhatIfs;

/// <summary>Each run of a what-if beside the one it comes from, in the order of the request, page by page.</summary>
public static class GetWhatIfPairsEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate(int? after, int? limit) => after < -1
        ? Refusals.Malformed("Bad cursor", "Pass the next of an earlier page as after.")
        : Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/whatifs/{id}/pairs"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<WhatIfPair>>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] int? after, [FromQuery] int? limit, WhatIfReader reader, HttpContext http, CancellationToken ct)
    {
        var page = await reader.Pairs(Caller.Of(http).Tenant, id, after ?? -1, Pages.Limit(limit), ct);
        return page.Items.Count > 0 || after >= 0 ? Results.Ok(page) : WhatIfAnswers.NotFound(id); // none is empty
    }
}
