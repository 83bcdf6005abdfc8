using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>The servers that take runs, and how many they have.</summary>
public static class ListNodesEndpoint
{
    [WolverineGet("/nodes"), Requires(Permissions.Platform)]
    [ProducesResponseType<Page<NodeView>>(200)]
    public static async Task<Page<NodeView>> Get(NodeStore nodes, CancellationToken ct) => new(await nodes.List(ct), null);
}
