using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Lets a tool call run that waits for a person. It counts once; the step is not run again.</summary>
public static class ApproveToolCallEndpoint
{
    [WolverinePost("/runs/{id}/tool-calls/{callId}/approve"), Requires(Permissions.Operate), TakesBody(typeof(ReasonRequest), IsOptional = true)]
    [ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, string callId, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => ToolCallApprovals.IsAwaited(run, callId), ToolCallApprovals.Wanted,
            (run, agent, _) => RunDecider.Decide(run, agent, new ApproveToolCall(callId, Caller.Of(http).Name, Caller.Of(http).KeyId)), ct);
}
