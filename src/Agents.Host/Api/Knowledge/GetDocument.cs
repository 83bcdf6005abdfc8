using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>One document with its versions.</summary>
public static class GetDocumentEndpoint
{
    [WolverineGet("/documents/{id}"), Requires(Permissions.Read)]
    [ProducesResponseType<DocumentHistory>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Get(Caller.Of(http).Tenant, id, ct) is { } document ? Results.Ok(document) : DocumentProblems.NotFound(id);
}
