using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Agents.Host.Workers;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>What is asked for.</summary>
/// <param name="Agent">Name of the agent; see <c>GET /agents</c>.</param>
/// <param name="Question">From 1 to 16,384 characters.</param>
/// <param name="Priority">0 to 9, 9 the most urgent, or <c>low</c>, <c>normal</c>, <c>high</c>, <c>urgent</c>. 5 when nothing is said.</param>
/// <param name="Metadata">The caller's own labels: at most 16, keys to 64 and values to 512 characters.</param>
/// <param name="BudgetUsd">US dollars this run may spend, above 0. Null means the agent's limit.</param>
/// <param name="ThreadId">The conversation it belongs to: any name of 1 to 128 characters, or the id of the run that began it. Null means none.</param>
/// <param name="Multitask">What happens when the thread has a run that has not ended: <c>reject</c> when nothing is said.</param>
/// <param name="NotBefore">The run does not begin before. What lies in the past means now; at most a year ahead.</param>
/// <param name="Deadline">The run fails if it is still queued or running then. Null means that only the agent's duration ends it.</param>
/// <param name="IdempotencyKey">The caller's name for this request, 1 to 200 characters: one key, one run. The same as the header <c>Idempotency-Key</c>.</param>
public sealed record QueueRunRequest(
    string? Agent, string? Question, JsonElement? Priority = null, IReadOnlyDictionary<string, string>? Metadata = null, decimal? BudgetUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ThreadId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Multitask? Multitask = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? NotBefore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deadline = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? IdempotencyKey = null);

/// <summary>A run that was accepted.</summary>
public sealed record QueuedRun(Guid Id, string Status, string Url, string Stream);

/// <summary>Accepts a run: stored, with everything needed to do it, before the answer is given.</summary>
public static class QueueRunEndpoint
{
    public static ProblemDetails Validate(
        QueueRunRequest request, AgentCatalog agents, DatabaseClock clock, [FromHeader(Name = "Idempotency-Key")] string? key) =>
        RunRequests.Problem(request with { IdempotencyKey = key ?? request.IdempotencyKey }, agents, clock.GetUtcNow()) ?? WolverineContinue.NoProblems;

    [WolverinePost("/runs"), ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(422),
     ProducesResponseType<ProblemDetails>(429)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        QueueRunRequest request, AgentCatalog agents, ModelOptions models, Definitions definitions, QueueBound bound, DatabaseClock clock,
        IDocumentSession session, HttpContext http, [FromHeader(Name = "Idempotency-Key")] string? key, CancellationToken ct)
    {
        http.Response.RegisterForDispose(await bound.Turn(ct));
        key ??= request.IdempotencyKey;
        var hash = key is null ? null : RunRequests.HashOf(request);
        if (key is not null && await EarlierRuns.Find(session, key, ct) is { } earlier)
            return earlier.RequestHash == hash
                ? (Accepted(earlier.RunId, earlier.Status), [])
                : (RunProblems.KeyUsedBefore(), []);

        var caller = Caller.Of(http);
        if (await bound.Refusal(caller.Tenant, runs: 1, ct) is { } full) return (RunProblems.QueueFull(full, http), []);

        var place = request.ThreadId is null
            ? ThreadPlace.None
            : await ThreadPlace.Take(session, request.ThreadId, null, request.Multitask ?? Multitask.Reject, caller.Name, definitions, ct);
        if (place.Busy is { } busy)
            return (Results.Problem(statusCode: 409, title: "Thread is busy", detail: $"Run {busy} has not ended. Pass multitask enqueue to wait for it, or interrupt to cancel it."), []);

        var runId = RunRequests.Run(request, agents, clock.GetUtcNow(), key, hash, place).Queue(session, models, caller);
        return (Accepted(runId, "queued"), place.Owed.Messages());
    }

    static IResult Accepted(Guid runId, string status)
    {
        var url = $"/runs/{runId}";
        return Results.Accepted(url, new QueuedRun(runId, status, url, $"{url}/stream"));
    }
}
