using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Lets a paused or parked run go on as soon as a node has a free slot; a failed call gets a full round of attempts again.</summary>
public static class ResumeRunEndpoint
{
    [WolverinePost("/runs/{id}/resume"), Requires(Permissions.Operate), TakesBody(typeof(ReasonRequest), IsOptional = true)]
    [ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(
        Guid id, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct)
    {
        var (answer, _) = await ChangeRun.Apply( // what is owed is sent by the node that gives the run a slot
            id, http, session, definitions, run => run.Status is RunStatus.Paused or RunStatus.Parked, "paused or parked",
            (run, agent, reason) => RunDecider.Decide(run, agent, new ResumeRun(Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
        return answer;
    }
}
