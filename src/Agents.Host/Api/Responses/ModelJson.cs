using System.Text.Json.Nodes;
using Agents.Domain.Definitions;

namespace Agents.Host.Api.Responses;

static class ModelJson
{
    /// <summary>Agents are part of the program, which has no record of when each was written: <c>created</c> is 0.</summary>
    public static JsonObject Of(AgentDefinition agent) =>
        new() { ["id"] = agent.Name, ["object"] = "model", ["created"] = 0, ["owned_by"] = "agents" };
}
