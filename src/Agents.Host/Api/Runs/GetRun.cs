using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>One run: status, step, answer, citations, usage, cost, times.</summary>
public static class GetRunEndpoint
{
    [WolverineGet("/runs/{id}"), Requires(Permissions.Read)]
    [ProducesResponseType<RunView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, RunReader runs, HttpContext http, CancellationToken ct) =>
        await runs.Run(Caller.Of(http).Tenant, id, ct) is { } run ? Results.Ok(run) : RunProblems.NotFound(id);
}
