using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>Takes a document out of the search. Its versions stay, so that citations still resolve.</summary>
public static class DeleteDocumentEndpoint
{
    [WolverineDelete("/documents/{id}"), Requires(Permissions.Operate)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Delete(Caller.Of(http).Tenant, id, Caller.Of(http).Actor, ct) ? Results.NoContent() : DocumentProblems.NotFound(id);
}
