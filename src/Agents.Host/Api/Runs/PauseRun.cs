using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Stops a run before its next step of work. What is in flight is still recorded.</summary>
public static class PauseRunEndpoint
{
    [WolverinePost("/runs/{id}/pause"), Requires(Permissions.Operate), TakesBody(typeof(ReasonRequest), IsOptional = true)]
    [ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => run.Status is RunStatus.Running, "running",
            (run, agent, reason) => RunDecider.Decide(run, agent, new PauseRun(Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
}
