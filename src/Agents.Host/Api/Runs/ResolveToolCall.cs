using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>What a person has found out about a tool call that may have had its effect: just one of the first three.</summary>
/// <param name="Result">It had its effect, and this is what it brought, at most 65,536 characters; may be empty. The model is told it.</param>
/// <param name="Failed">
/// It had no effect: why, at most 500 characters. The model is told it. It is not made again, unless its tool step parks and the run is resumed.
/// </param>
/// <param name="Again">True: it had no effect, and is made again.</param>
/// <param name="Reason">How the person knows, at most 500 characters. Kept with the run's facts.</param>
public sealed record ResolveToolCallRequest(string? Result = null, string? Failed = null, bool? Again = null, string? Reason = null);

/// <summary>
/// Says what became of a tool call that must not run twice and may have had its effect. The run goes on when no other call is in doubt, unless too
/// many others of its list failed.
/// </summary>
public static class ResolveToolCallEndpoint
{
    const int ResultCharacters = 65_536;

    public static ProblemDetails Validate(ResolveToolCallRequest request)
    {
        if (new[] { request.Result is not null, request.Failed is not null, request.Again is true }.Count(said => said) != 1)
            return Refusals.Malformed("Bad resolution", "Say one of result, failed, and again as true.");
        if (request.Result?.Length > ResultCharacters)
            return Refusals.Malformed("Bad resolution", FormattableString.Invariant($"A result has at most {ResultCharacters:N0} characters."));
        return request.Failed?.Length > TextBounds.ReasonCharacters || request.Reason?.Length > TextBounds.ReasonCharacters
            ? Refusals.Malformed("Bad reason", $"A reason has at most {TextBounds.ReasonCharacters} characters.")
            : WolverineContinue.NoProblems;
    }

    [WolverinePost("/runs/{id}/tool-calls/{callId}/resolve"), Requires(Permissions.Operate)]
    [
        ProducesResponseType<RunState>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        ResolveToolCallRequest request, Guid id, string callId, IDocumentSession session, Definitions definitions, HttpContext http,
        CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var command = new ResolveToolCall(
            callId, request.Result is { } result ? Sanitiser.Text(result, ResultCharacters) : null,
            request.Failed is { } failed ? Sanitiser.Text(failed, TextBounds.ReasonCharacters) : null, caller.Name,
            Sanitiser.Text(request.Reason, TextBounds.ReasonCharacters), caller.KeyId);
        var isInDoubt = false;
        var decision = await session.Decide(id, definitions, (run, agent) =>
        {
            isInDoubt = run.IsInDoubt(callId);
            return RunDecider.Decide(run, agent, command);
        }, ct);

        if (decision is null) return (RunProblems.NotFound(id), []);
        if (!isInDoubt)
            return (
                Refusals.Conflict(
                    "Not in doubt",
                    $"What became of tool call {callId} is not in doubt, or there is no such call in the turn or step under way.").Answer(),
                []);
        return (Results.Ok(new RunState(id, decision.Run.Status.ToString().ToLowerInvariant())), decision.Messages());
    }
}
