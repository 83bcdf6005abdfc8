using System.Text.Json.Nodes;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>
/// Hides a finished response from this API, with all responses of its run. The run's history, its cost and its place in a conversation stay.
/// </summary>
public static class DeleteResponseEndpoint
{
    [WolverineDelete("/v1/responses/{id}"), Requires(Permissions.Operate)]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404), ProducesResponseType(typeof(object), 409)]
    public static async Task<IResult> Delete(string id, ResponseReader responses, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await responses.Find(caller.Tenant, id, default, ct) is not { } story || !ResponseIds.TryParse(id, out var runId, out _))
            return OpenAIRefusal.UnknownResponse(id);
        if (!story.Run.IsFinished())
            return new OpenAIRefusal(
                409, "The response is in progress, or its run waits for a person. Cancel it first.", "id", "response_in_progress");

        await responses.Delete(caller.Tenant, runId, caller.Actor, ct);
        return Results.Json(new JsonObject { ["id"] = id, ["object"] = "response", ["deleted"] = true }, JsonFormat.Api);
    }
}
