using System.Text.Json.Nodes;

namespace Agents.Host.Api.Responses;

static class ModelJson
{
    /// <summary>Agents may be part of the program, which has no record of when each was written: <c>created</c> is 0.</summary>
    /// <param name="name">As it may be asked for.</param>
    public static JsonObject Of(string name) =>
        new() { ["id"] = name, ["object"] = "model", ["created"] = 0, ["owned_by"] = "agents" };
}
