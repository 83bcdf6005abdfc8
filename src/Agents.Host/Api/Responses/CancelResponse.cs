using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>Ends the run behind a response, unless it has ended; in the background or not. The answer is the response as it is then.</summary>
public static class CancelResponseEndpoint
{
    [WolverinePost("/v1/responses/{id}/cancel"), Requires(Permissions.Operate)]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404)]
    public static async Task<IResult> Post(
        string id, Decisions decisions, ResponseReader responses, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await responses.Find(caller.Tenant, id, default, ct) is not { } story || !ResponseIds.TryParse(id, out var runId, out var part))
            return OpenAIRefusal.UnknownResponse(id);
        if (story.HasEnded && !story.AwaitsApproval) return ResponseWriter.Json(story);

        await decisions.Cancel(caller.Tenant, runId, caller.Actor, "Cancelled by the client.", ct);
        return ResponseWriter.Json((await responses.Read(caller.Tenant, runId, part, default, ct))!);
    }
}
