using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>Lets a tool call run that waits for a person. It counts once; the step is not run again.</summary>
public static class ApproveToolCallEndpoint
{
    [WolverinePost("/runs/{id}/tool-calls/{callId}/approve"), ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, string callId, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => ToolCallApprovals.IsAwaited(run, callId), ToolCallApprovals.Wanted,
            (run, agent, _) => RunDecider.Decide(run, agent, new ApproveToolCall(callId, Caller.Of(http).Name)), ct);
}

/// <summary>Refuses a tool call that waits for a person; the model is told the reason.</summary>
public static class DenyToolCallEndpoint
{
    [WolverinePost("/runs/{id}/tool-calls/{callId}/deny"), ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, string callId, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct) =>
        ChangeRun.Apply(
            id, http, session, definitions, run => ToolCallApprovals.IsAwaited(run, callId), ToolCallApprovals.Wanted,
            (run, agent, reason) => RunDecider.Decide(run, agent, new DenyToolCall(callId, Caller.Of(http).Name, reason)), ct);
}

/// <summary>The tool calls of the turn under way, with what is needed to approve one.</summary>
public static class ListToolCallsEndpoint
{
    [WolverineGet("/runs/{id}/tool-calls"), ProducesResponseType<Page<ToolCallView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, IDocumentSession session, CancellationToken ct) =>
        await session.LoadAsync<Run>(id, ct) is { } run
            ? Results.Ok(new Page<ToolCallView>([.. run.ToolCalls.Select(call => ToolCallView.Of(call.Key, call.Value))], null))
            : RunProblems.NotFound(id);
}

/// <param name="Arguments">JSON as the model wrote it. Null once the call has settled; the fact keeps them.</param>
/// <param name="Status">awaitingApproval, scheduled, started, completed, failed or denied.</param>
public sealed record ToolCallView(string Id, string Tool, string? Arguments, ToolCallStatus Status, int Attempt)
{
    public static ToolCallView Of(string id, ToolCall call) => new(id, call.Tool, call.Arguments, call.Status, call.Attempt);
}

static class ToolCallApprovals
{
    public const string Wanted = "waiting for the approval of this tool call";

    public static bool IsAwaited(Run run, string callId) =>
        !run.IsFinished() && run.ToolCalls.GetValueOrDefault(callId)?.Status is ToolCallStatus.AwaitingApproval;
}
