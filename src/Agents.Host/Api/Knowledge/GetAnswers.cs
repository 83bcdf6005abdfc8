using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>The runs whose answers cite a document, newest first, page by page; of one version, if it is named.</summary>
public static class GetAnswersEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate([FromQuery] int? version, [FromQuery] string? cursor, [FromQuery] int? limit) => version < 1
        ? Refusals.Malformed("Bad version", "Versions of a document count from 1.")
        : Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;

    [WolverineGet("/documents/{id}/answers"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<CitingAnswer>>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        string id, [FromQuery] int? version, [FromQuery] string? cursor, [FromQuery] int? limit, AnswerReader answers, HttpContext http,
        CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        return await answers.Has(tenant, id, version, ct)
            ? Results.Ok(await answers.Citing(tenant, id, version, Paging.Before(cursor), Pages.Limit(limit), ct))
            : DocumentProblems.NotFound(version is null ? id : $"{id}/{version}");
    }
}
