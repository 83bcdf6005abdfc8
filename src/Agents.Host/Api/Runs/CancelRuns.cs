using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Ends all runs that fit and have not ended yet.</summary>
public static class CancelRunsEndpoint
{
    internal static readonly RunStatus[] Fits = [RunStatus.Queued, RunStatus.Running, RunStatus.Paused, RunStatus.Parked];

    public static ProblemDetails Validate(ChangeRunsRequest request) => ChangeRuns.Problem(request, Fits);

    [WolverinePost("/runs/cancel"), Requires(Permissions.Operate)]
    [ProducesResponseType<ChangedRuns>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<ChangedRuns> Post(ChangeRunsRequest request, RunReader runs, Decisions decisions, HttpContext http, CancellationToken ct) =>
        ChangeRuns.Apply(
            request, Fits, runs, decisions, Caller.Of(http).Tenant,
            (run, agent, reason) => RunDecider.Decide(run, agent, new CancelRun(Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
}
