using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Knowledge;

/// <summary>The documents that are searched, in the order of their names.</summary>
public static class ListDocumentsEndpoint
{
    const int DefaultLimit = 50;

    public static ProblemDetails Validate([FromQuery] int? limit, KnowledgeLimits limits) => limit < 1 || limit > limits.PageSize
        ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {limits.PageSize}." }
        : WolverineContinue.NoProblems;

    [WolverineGet("/documents")]
    public static Task<DocumentPage> Get([FromQuery] string? cursor, [FromQuery] int? limit, Documents documents, HttpContext http, CancellationToken ct) =>
        documents.List(Caller.Of(http).Tenant, cursor, limit ?? DefaultLimit, ct);
}

/// <summary>One document with its versions.</summary>
public static class GetDocumentEndpoint
{
    [WolverineGet("/documents/{id}"), ProducesResponseType<DocumentHistory>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Get(Caller.Of(http).Tenant, id, ct) is { } document ? Results.Ok(document) : DocumentProblems.NotFound(id);
}

/// <summary>Takes a document out of the search. Its versions stay, so that citations still resolve.</summary>
public static class DeleteDocumentEndpoint
{
    [WolverineDelete("/documents/{id}"), ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Delete(Caller.Of(http).Tenant, id, ct) ? Results.NoContent() : DocumentProblems.NotFound(id);
}

/// <summary>The passage a citation names, as it read then; any version, deleted documents included.</summary>
public static class GetPassageEndpoint
{
    [WolverineGet("/passages"), ProducesResponseType<Domain.Runs.Passage>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([FromQuery] string? id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Passage(Caller.Of(http).Tenant, id ?? "", ct) is { } passage ? Results.Ok(passage) : DocumentProblems.NotFound(id);
}

static class DocumentProblems
{
    public static IResult NotFound(string? id) =>
        Results.Problem(statusCode: 404, title: "Unknown document", detail: $"There is nothing with the id \"{Domain.Runs.Sanitiser.Text(id, 100)}\".");
}
