using System.Text.Json.Nodes;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>The agents, as OpenAI lists models: each can be asked as the <c>model</c> of a response.</summary>
public static class ListModelsEndpoint
{
    [WolverineGet("/v1/models"), Requires(Permissions.Read)]
    [ProducesResponseType(typeof(object), 200)]
    public static async Task<IResult> Get(AgentCatalog agents, HttpContext http, CancellationToken ct)
    {
        var names = await agents.Names(Caller.Of(http).Tenant, ct);
        var models = new JsonArray([.. names.Select(ModelJson.Of)]);
        return Results.Json(new JsonObject { ["object"] = "list", ["data"] = models }, JsonFormat.Api);
    }
}
