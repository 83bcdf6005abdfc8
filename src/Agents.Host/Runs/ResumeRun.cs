using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>Lets a paused or parked run go on; a failed call gets a full round of attempts again.</summary>
public static class ResumeRunEndpoint
{
    [WolverinePost("/runs/{id}/resume"), ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => run.Status is RunStatus.Paused or RunStatus.Parked, "paused or parked",
            (run, agent, reason) => RunDecider.Decide(run, agent, new ResumeRun(Caller.Of(http).Name, reason)), ct);
}
