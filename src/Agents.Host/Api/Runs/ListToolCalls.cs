using Agents.Domain.Runs;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The tool calls of the turn under way, with what is needed to approve one.</summary>
public static class ListToolCallsEndpoint
{
    [WolverineGet("/runs/{id}/tool-calls"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<ToolCallView>>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, IDocumentSession session, CancellationToken ct) =>
        await session.LoadAsync<Run>(id, ct) is { } run
            ? Results.Ok(new Page<ToolCallView>([.. run.ToolCalls.Select(call => ToolCallView.Of(call.Key, call.Value))], null))
            : RunProblems.NotFound(id);
}

/// <param name="Arguments">JSON as the model wrote it. Null once the call has settled; the fact keeps them.</param>
/// <param name="Status">awaitingApproval, scheduled, started, completed, failed or denied.</param>
/// <param name="IsInDoubt">
/// It failed, and may have had its effect: resuming will not make it again. Look first, then <c>POST …/resolve</c> says what became of it.
/// </param>
public sealed record ToolCallView(string Id, string Tool, string? Arguments, ToolCallStatus Status, int Attempt, bool IsInDoubt = false)
{
    public static ToolCallView Of(string id, ToolCall call) => new(
        id, call.Tool, call.Arguments, call.Status, call.Attempt, call is { Status: ToolCallStatus.Failed, Failure: FailureKind.OutcomeUnknown });
}
