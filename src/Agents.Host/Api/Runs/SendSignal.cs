using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>A signal that a run has taken.</summary>
/// <param name="Id">The run.</param>
/// <param name="Outcome">used: a wait for it was under way and is over. kept: the first wait for it will use it.</param>
public sealed record SentSignal(Guid Id, string Name, string Outcome);

/// <summary>Sends a run a signal. A wait for it ends; without one the signal is kept. The same id twice counts once.</summary>
public static class SendSignalEndpoint
{
    [WolverinePost("/runs/{id}/signals/{name}"), Requires(Permissions.Operate), ReadsBodyItself, ReadsQuery("id")]
    [TakesBody(null, TakesBodyAttribute.Json, TakesBodyAttribute.Text, IsOptional = true)]
    [
        ProducesResponseType<SentSignal>(202), ProducesResponseType<SentSignal>(200), ProducesResponseType<ProblemDetails>(400),
        ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(413),
        ProducesResponseType<ProblemDetails>(429)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        Guid id, string name, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, IDocumentSession session, Definitions definitions,
        HttpContext http, CancellationToken ct)
    {
        string? signalId = http.Request.Query["id"]; // no parameter: the route has one of that name
        if (ProblemOf(name, idempotencyKey, signalId) is { } problem) return (problem.Answer(), []);

        var (payload, refusal) = await SignalPayload.Read(http.Request, ct);
        if (refusal is not null) return (refusal.Answer(), []);

        var caller = Caller.Of(http);
        var command = new SendSignal(name, payload, idempotencyKey ?? signalId, caller.Name, caller.KeyId);
        var decision = await session.Decide(id, definitions, (run, agent) => RunDecider.Decide(run, agent, command), ct);
        return decision is null ? (RunProblems.NotFound(id), []) : (AnswerOf(decision.Before, command), decision.Messages());
    }

    static ProblemDetails? ProblemOf(string name, string? idempotencyKey, string? signalId)
    {
        if (!SignalBounds.IsName(name))
            return Refusals.Malformed("Bad signal", $"A signal's name is 1 to {SignalBounds.NameCharacters} of a-z, 0-9, _ . and -.");
        return idempotencyKey is not null && signalId is not null && idempotencyKey != signalId
            ? Refusals.Malformed("Two ids", "The header Idempotency-Key and the query's id are not the same: send one of them.")
            : RunRequests.KeyProblem(idempotencyKey ?? signalId)?.Problem();
    }

    /// <param name="run">As it was when the signal came.</param>
    static IResult AnswerOf(Run run, SendSignal command)
    {
        if (command.SignalId is { } id && run.Signals?.Known(id) is { } known) return Results.Ok(Sent(known.Name, known.EndedAWait));
        if (run.IsFinished()) return RunProblems.WrongStatus(run, "not finished");
        return RunDecider.RefusalOf(run, command) is { } full
            ? Refusals.Of(StatusCodes.Status429TooManyRequests, "Too many signals", full).Answer()
            : Results.Accepted($"/runs/{run.Id}", Sent(command.Name, run.Awaits(command.Name)));

        SentSignal Sent(string name, bool endedAWait) => new(run.Id, name, endedAWait ? "used" : "kept");
    }
}
