using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>The documents that are searched, in the order of their names.</summary>
public static class ListDocumentsEndpoint
{
    const int DefaultLimit = 50;

    public static ProblemDetails Validate([FromQuery] int? limit, KnowledgeLimits limits) => limit < 1 || limit > limits.PageSize
        ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {limits.PageSize}." }
        : WolverineContinue.NoProblems;

    [WolverineGet("/documents"), Requires(Permissions.Read)]
    public static Task<DocumentPage> Get([FromQuery] string? cursor, [FromQuery] int? limit, Documents documents, HttpContext http, CancellationToken ct) =>
        documents.List(Caller.Of(http).Tenant, cursor, limit ?? DefaultLimit, ct);
}
