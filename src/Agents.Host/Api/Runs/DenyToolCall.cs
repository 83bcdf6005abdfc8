using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Refuses a tool call that waits for a person; the model is told the reason.</summary>
public static class DenyToolCallEndpoint
{
    [WolverinePost("/runs/{id}/tool-calls/{callId}/deny"), Requires(Permissions.Operate), TakesBody(typeof(ReasonRequest), IsOptional = true)]
    [ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, string callId, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => ToolCallApprovals.IsAwaited(run, callId), ToolCallApprovals.Wanted,
            (run, agent, reason) => RunDecider.Decide(
                run, agent, new DenyToolCall(callId, Caller.Of(http).Name, reason, Caller.Of(http).KeyId)), ct);
}
