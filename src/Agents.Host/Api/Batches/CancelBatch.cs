using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>
/// Ends all runs of a batch that have not ended yet, each in a transaction of its own. Runs that its items found begun before are left alone.
/// </summary>
public static class CancelBatchEndpoint
{
    [WolverinePost("/batches/{id}/cancel"), Requires(Permissions.Operate)]
    [ProducesResponseType<ChangedRuns>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(Guid id, BatchReader batches, Decisions decisions, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await batches.Find(caller.Tenant, id, ct) is null) return BatchProblems.NotFound(id);

        var unfinished = await batches.Unfinished(caller.Tenant, id, ct);
        return Results.Ok(await ChangeRuns.Apply(
            unfinished, CancelRunsEndpoint.Fits, decisions, caller.Tenant, $"Batch {id} was cancelled.",
            (run, agent, reason) => RunDecider.Decide(run, agent, new CancelRun(caller.Name, reason, caller.KeyId)), ct));
    }
}
