using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <param name="Version">From 1.</param>
/// <param name="Reason">At most 500 characters, kept with the recall.</param>
public sealed record RecallRequest(int? Version, string? Reason = null);

/// <summary>
/// Withdraws a version of a document, and all versions with the same content, which the answer names: they are searched no more, and the same content
/// is not taken again. Their passages stay for the citations that name them; <c>GET /documents/{id}/answers</c> tells which answers rest on one. Done
/// twice, the first time counts.
/// </summary>
public static class RecallDocumentEndpoint
{
    public static ProblemDetails Validate(RecallRequest request)
    {
        if (request.Version is null or < 1) return Refusals.Malformed("Bad version", "Say which version; they count from 1.");
        return request.Reason?.Length > TextBounds.ReasonCharacters
            ? Refusals.Malformed("Bad reason", $"A reason has at most {TextBounds.ReasonCharacters} characters.")
            : WolverineContinue.NoProblems;
    }

    [WolverinePost("/documents/{id}/recall"), Requires(Permissions.Operate)]
    [ProducesResponseType<RecalledVersion>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(RecallRequest request, string id, Recalls recalls, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await recalls.Recall(caller.Tenant, id, request.Version!.Value, request.Reason ?? "", caller.Actor, ct) is { } recalled
            ? Results.Ok(recalled)
            : DocumentProblems.NotFound($"{id}/{request.Version}");
    }
}
