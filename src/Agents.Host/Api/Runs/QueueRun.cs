using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>A run that was accepted.</summary>
public sealed record QueuedRun(Guid Id, string Status, string Url, string Stream);

/// <summary>Accepts a run: stored, with everything needed to do it, before the answer is given.</summary>
public static class QueueRunEndpoint
{
    public static async Task<AskedAgent> LoadAsync(QueueRunRequest request, AgentCatalog agents, HttpContext http, CancellationToken ct) =>
        await agents.Find(Caller.Of(http).Tenant, request.Agent, ct);

    public static ProblemDetails Validate(
        QueueRunRequest request, AskedAgent agent, ModelProviders models, DatabaseClock clock,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey) =>
        (RunRequests.KeysProblem(idempotencyKey, request.IdempotencyKey)
            ?? RunRequests.Problem(request, agent, models, clock.GetUtcNow()))?.Problem() ?? WolverineContinue.NoProblems;

    [WolverinePost("/runs"), Requires(Permissions.Operate)]
    [ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(422),
     ProducesResponseType<ProblemDetails>(429)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        QueueRunRequest request, AskedAgent agent, ModelProviders models, Definitions definitions, QueueBound bound, DatabaseClock clock,
        IDocumentSession session, HttpContext http, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken ct)
    {
        http.Response.RegisterForDispose(await bound.Turn(ct));
        idempotencyKey ??= request.IdempotencyKey;
        var hash = idempotencyKey is null ? null : RunRequests.HashOf(request);
        if (idempotencyKey is not null && await EarlierRuns.Find(session, idempotencyKey, ct) is { } earlier)
            return earlier.RequestHash == hash
                ? (Accepted(earlier.RunId, earlier.Status), [])
                : (RunProblems.KeyUsedBefore(), []);

        var caller = Caller.Of(http);
        if (await bound.Refusal(caller.Tenant, runs: 1, ct) is { } full) return (RunProblems.QueueFull(full, http), []);

        var place = request.ThreadId is null
            ? ThreadPlace.None
            : await ThreadPlace.Find(session, request.ThreadId, null, request.Multitask ?? Multitask.Reject, caller.Actor, definitions, ct);
        if (place.Busy is { } busy)
            return (
                Refusals.Conflict(
                    "Thread is busy", $"Run {busy} has not ended. Pass multitask enqueue to wait for it, or interrupt to cancel it.").Answer(),
                []);

        var runId = RunRequests.Run(request, agent, clock.GetUtcNow(), idempotencyKey, hash, place).Queue(session, models, caller);
        return (Accepted(runId, "queued"), place.Owed.Messages());
    }

    static IResult Accepted(Guid runId, string status)
    {
        var url = $"/runs/{runId}";
        return Results.Accepted(url, new QueuedRun(runId, status, url, $"{url}/stream"));
    }
}
