using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>The passage a citation names, as it read then; any version, deleted documents included.</summary>
public static class GetPassageEndpoint
{
    [WolverineGet("/passages"), Requires(Permissions.Read)]
    [ProducesResponseType<Domain.Runs.Passage>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([FromQuery] string? id, Documents documents, HttpContext http, CancellationToken ct) =>
        await documents.Passage(Caller.Of(http).Tenant, id ?? "", ct) is { } passage ? Results.Ok(passage) : DocumentProblems.NotFound(id);
}
