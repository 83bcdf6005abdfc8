using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>One agent, as OpenAI shows a model.</summary>
public static class GetModelEndpoint
{
    [WolverineGet("/v1/models/{model}"), Requires(Permissions.Read)]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404)]
    public static async Task<IResult> Get(string model, AgentCatalog agents, HttpContext http, CancellationToken ct) =>
        (await agents.Find(Caller.Of(http).Tenant, model, ct)).Problem is null
        ? Results.Json(ModelJson.Of(model), JsonFormat.Api)
        : new OpenAIRefusal(404, $"The model '{model}' does not exist.", "model", "model_not_found");
}
