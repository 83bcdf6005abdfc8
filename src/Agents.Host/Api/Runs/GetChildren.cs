using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The runs that a run has started, oldest first. A run starts few, so they are not paged.</summary>
public static class GetChildrenEndpoint
{
    [WolverineGet("/runs/{id}/children"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<RunView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, RunReader runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var children = await runs.Children(tenant, id, ct);
        return children.Count > 0 || await runs.Run(tenant, id, ct) is not null
            ? Results.Ok(new Page<RunView>(children, null))
            : RunProblems.NotFound(id);
    }
}
