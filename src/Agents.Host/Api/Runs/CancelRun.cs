using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Ends a run. Calls in flight are aborted; what they may have cost stays on the bill.</summary>
public static class CancelRunEndpoint
{
    [WolverinePost("/runs/{id}/cancel"), Requires(Permissions.Operate), TakesBody(typeof(ReasonRequest), IsOptional = true)]
    [ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => !run.IsFinished(), "queued, running, paused or parked",
            (run, agent, reason) => RunDecider.Decide(run, agent, new CancelRun(Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
}
