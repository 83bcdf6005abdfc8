using System.Text.Json;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Agents.Host.Tools;
using Wolverine.Http;

namespace Agents.Host.Api.Catalog;

/// <summary>The tools and code steps of this server, by name, and which of the tenant's live agents may call each.</summary>
public static class ListToolsEndpoint
{
    [WolverineGet("/tools"), Requires(Permissions.Read)]
    public static async Task<Page<ToolView>> Get(ToolBox tools, AgentCatalog agents, HttpContext http, CancellationToken ct)
    {
        var listed = await agents.List(Caller.Of(http).Tenant, ct);
        return new([.. tools.List().Select(tool => new ToolView(
            tool.Name, tool.Description, tool.IsRepeatable, tool.IsCodeStep, tool.Parameters,
            [.. listed.Where(one => one.Agent.Steps.SelectMany(step => step.Grants()).Any(grant => grant.Tool == tool.Name))
                .Select(one => one.Agent.Name)]))], null);
    }
}

/// <param name="Repeatable">It may be run again when an outcome is unknown.</param>
/// <param name="CodeStep">It is a step of its own, which no model may call.</param>
/// <param name="Parameters">What it takes, as a JSON Schema.</param>
/// <param name="Agents">Names of the agents that may call it.</param>
public sealed record ToolView(string Name, string Description, bool Repeatable, bool CodeStep, JsonElement Parameters, IReadOnlyList<string> Agents);
