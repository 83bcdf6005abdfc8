using System.Text.Json.Nodes;
using Agents.Domain.Definitions;
using Agents.Host.Catalog;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Responses;

/// <summary>The agents, as OpenAI lists models: each can be asked as the <c>model</c> of a response.</summary>
public static class ListModelsEndpoint
{
    [WolverineGet("/v1/models"), ProducesResponseType(typeof(object), 200)]
    public static IResult Get(AgentCatalog agents) =>
        Results.Json(new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. agents.All.Select(ModelJson.Of)]) }, JsonFormat.Api);
}

/// <summary>One agent, as OpenAI shows a model.</summary>
public static class GetModelEndpoint
{
    [WolverineGet("/v1/models/{model}"), ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404)]
    public static IResult Get(string model, AgentCatalog agents) => agents.Find(model) is { } agent
        ? Results.Json(ModelJson.Of(agent), JsonFormat.Api)
        : new Refusal(404, $"The model '{model}' does not exist.", "model", "model_not_found");
}

static class ModelJson
{
    /// <summary>Agents are part of the program, so nobody knows when they were made: <c>created</c> is 0.</summary>
    public static JsonObject Of(AgentDefinition agent) => new() { ["id"] = agent.Name, ["object"] = "model", ["created"] = 0, ["owned_by"] = "agents" };
}
