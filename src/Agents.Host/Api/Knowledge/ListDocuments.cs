using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>The documents that are searched, in the order of their names.</summary>
public static class ListDocumentsEndpoint
{
    const int DefaultLimit = 50;

    public static ProblemDetails Validate([FromQuery] int? limit, KnowledgeLimits limits) =>
        new Paging(DefaultLimit, limits.PageSize).Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/documents"), Requires(Permissions.Read)]
    public static Task<DocumentPage> Get(
        [FromQuery] string? cursor, [FromQuery] int? limit, Documents documents, HttpContext http, CancellationToken ct) =>
        documents.List(Caller.Of(http).Tenant, cursor, limit ?? DefaultLimit, ct);
}
