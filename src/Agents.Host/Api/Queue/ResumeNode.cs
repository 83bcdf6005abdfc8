using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Lets a node that was drained take runs again.</summary>
public static class ResumeNodeEndpoint
{
    [WolverinePost("/nodes/{name}/resume"), Requires(Permissions.Platform)]
    [ProducesResponseType<NodeView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static Task<IResult> Post(string name, NodeStore nodes, HttpContext http, CancellationToken ct) =>
        Drained.Set(name, isDrained: false, Caller.Of(http).Actor, nodes, ct);
}
