using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Empties a node: it takes no runs, begins no call, and hands each run over as soon as nothing of it is under way there.</summary>
public static class DrainNodeEndpoint
{
    [WolverinePost("/nodes/{name}/drain"), Requires(Permissions.Platform)]
    [ProducesResponseType<NodeView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static Task<IResult> Post(string name, NodeStore nodes, HttpContext http, CancellationToken ct) =>
        Drained.Set(name, isDrained: true, Caller.Of(http).Actor, nodes, ct);
}
