using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Marten;

namespace Agents.Host.Api.Responses;

/// <summary>Queues the run behind a response. The same request sent again finds the run it asked for the first time.</summary>
public sealed class NewResponse(
    IDocumentStore store, AgentCatalog agents, ModelProviders models, Definitions definitions, RunReader runs, ResponseReader responses,
    QueueBound bound)
{
    /// <param name="key">The caller's idempotency key. Null when none was given.</param>
    /// <param name="hash">Of the request's body.</param>
    /// <param name="isRepeated">The client says that it sends the request again.</param>
    public async Task<(Guid RunId, OpenAIRefusal? Refusal)> Queue(
        ResponseRequest request, string? key, string hash, bool isRepeated, Caller caller, CancellationToken ct)
    {
        var agent = await agents.Find(caller.Tenant, request.Model, ct);
        if (agent.Problem is { } unknown)
            return (
                default,
                new(404, $"The model '{Sanitiser.Text(request.Model, 100)}' does not exist. {unknown}", "model", "model_not_found"));

        if (RunWishes.Problem(request.Brief?.Parameters, agent, models) is { } notTaken)
            return (default, new(400, notTaken.Detail, null, "unsupported_parameter"));
        if (request.Brief?.OutputSchema is { } schema && RunWishes.SchemaProblem(schema, agent) is { } unusable)
            return (default, new(400, $"Invalid schema for 'text.format': {unusable.Detail}", "text.format.schema", "invalid_json_schema"));

        using var turn = await bound.Turn(ct);
        await using var session = store.LightweightSession(caller.Tenant);
        if (key is not null && await EarlierRuns.Find(session, key, ct) is { } earlier)
            return earlier.RequestHash == hash
                ? (earlier.RunId, null)
                : (
                    default,
                    new(422, "This Idempotency-Key came with another request. Use a new key for a new response.", null, "idempotency_key_reused"));
        if (key is null && await EarlierRuns.Repeated(session, hash, caller.Actor, isRepeated, ct) is { } repeated) return (repeated, null);

        if (await bound.Refusal(caller.Tenant, runs: 1, ct) is { } full)
            return (default, new(429, $"Queue is full: {full.Text()}", null, "queue_full", full.RetryAfterSeconds));

        var (place, part, refusal) = await PlaceOf(request, session, caller, ct);
        if (refusal is not null) return (default, refusal);

        var brief = request.Brief is { } said ? said with { PreviousPart = part } : null;
        var runId = new NewRun(
            agent, request.Question, request.Priority, request.Metadata, BudgetUsd: null, key, hash, place, brief).Queue(session, models, caller);
        await session.SaveChangesAsync(ct);
        return (runId, null);
    }

    /// <summary>Behind the response it continues, when it continues one; a run of the same conversation that has not ended is waited for.</summary>
    async Task<(ThreadPlace Place, int Part, OpenAIRefusal? Refusal)> PlaceOf(
        ResponseRequest request, IDocumentSession session, Caller caller, CancellationToken ct)
    {
        if (request.PreviousResponseId is not { } id) return (ThreadPlace.None, 1, null);
        if (!ResponseIds.TryParse(id, out var previous, out var part)
            || await responses.Find(caller.Tenant, id, default, ct) is not { } story || await runs.Run(caller.Tenant, previous, ct) is not { } run)
            return (
                ThreadPlace.None, 1, new(400, $"Previous response with id '{id}' not found.", "previous_response_id", "previous_response_not_found"));
        if (story.AwaitsApproval)
            return (
                ThreadPlace.None, 1,
                new(
                    409, "The previous response waits for the approval of tool calls. Answer them, or cancel it.", "previous_response_id",
                    "approval_required"));
        if (story.HasEnded && story.Run.Status is RunStatus.Parked)
            return (
                ThreadPlace.None, 1,
                new(409, $"Run {previous} is parked until a person resumes it. Resume it, or cancel it.", "previous_response_id", "run_parked"));

        return (
            await ThreadPlace.Find(session, run.ThreadId ?? previous.ToString(), previous, Multitask.Enqueue, caller.Actor, definitions, ct), part,
            null);
    }
}
