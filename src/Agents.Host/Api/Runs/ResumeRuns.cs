using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Lets all paused or parked runs that fit go on.</summary>
public static class ResumeRunsEndpoint
{
    static readonly RunStatus[] Fits = [RunStatus.Parked, RunStatus.Paused];

    public static ProblemDetails Validate(ChangeRunsRequest request) => ChangeRuns.Problem(request, Fits);

    [WolverinePost("/runs/resume"), Requires(Permissions.Operate)]
    [ProducesResponseType<ChangedRuns>(200), ProducesResponseType<ProblemDetails>(400)]
    public static Task<ChangedRuns> Post(ChangeRunsRequest request, RunReader runs, Decisions decisions, HttpContext http, CancellationToken ct) =>
        ChangeRuns.Apply(
            request, Fits, runs, decisions, Caller.Of(http).Tenant,
            (run, agent, reason) => RunDecider.Decide(run, agent, new ResumeRun(Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
}
