using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

/// <summary>
/// Accepts up to 1,000 runs in one transaction: after the answer all the good ones are stored, or, without an answer, none. Bad ones are named by
/// their position. The same Idempotency-Key gives the same answer, and starts nothing.
/// </summary>
public static class QueueBatchEndpoint
{
    [WolverinePost("/runs/batch"), Requires(Permissions.Operate), ReadsBodyItself, TakesBody(typeof(QueueBatchRequest))]
    [ProducesResponseType<QueuedBatch>(202), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(422),
     ProducesResponseType<ProblemDetails>(429)]
    public static async Task<IResult> Post(
        HttpContext http, AgentCatalog agents, ModelProviders models, QueueBound bound, DatabaseClock clock, BatchReader batches,
        IDocumentSession session,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (request, hash) = await QueueBatchRequest.Read(http, ct);
        if (Problem(request, idempotencyKey) is { } problem) return problem.Answer();
        http.Response.RegisterForDispose(await bound.Turn(ct));
        if (idempotencyKey is not null && await batches.Earlier(session, idempotencyKey, ct) is { } earlier)
            return earlier.RequestHash == hash ? Accepted(earlier.Batch) : RunProblems.KeyUsedBefore();

        var now = clock.GetUtcNow();
        var items = new List<BatchItem>();
        var asked = new AgentsOfBatch(agents, caller.Tenant);
        foreach (var item in request.Items!) items.Add(await BatchItem.Of(item, items.Count, asked, models, now, ct));
        await items.FindRepeated(session, ct);
        var isRefused = items.All(item => item.Problem is not null) || (request.AllOrNothing && items.Any(item => item.Problem is not null));
        if (isRefused) return Refused(items);
        if (await bound.Refusal(caller.Tenant, items.Count(item => item.IsNew), ct) is { } full) return RunProblems.QueueFull(full, http);

        var batchId = Guid.CreateVersion7();
        items.Queue(batchId, now, session, models, caller);
        Store(session, batchId, items, caller, idempotencyKey, hash);
        return Accepted(Answer(batchId, items));
    }

    static ProblemDetails? Problem(QueueBatchRequest request, string? idempotencyKey) => request switch
    {
        { HasTooMany: true } =>
            Refusals.Malformed("Batch too large", $"A batch has at most {QueueBatchRequest.MostItems:N0} items; this one has more."),
        { Items: null or [] } => Refusals.Malformed("Empty batch", "A batch has at least one item."),
        _ => RunRequests.KeyProblem(idempotencyKey)?.Problem(),
    };

    static void Store(IDocumentSession session, Guid batchId, IReadOnlyList<BatchItem> items, Caller caller, string? idempotencyKey, string hash)
    {
        session.QueueSqlCommand(
            "insert into agents.batch (tenant_id, batch_id, requested_by, requested_by_key, idempotency_key, request_hash) values (?, ?, ?, ?, ?, ?)",
            caller.Tenant, batchId, caller.Name, (object?)caller.KeyId ?? DBNull.Value, (object?)idempotencyKey ?? DBNull.Value, hash);
        var rows = items.Select((item, index) => new { position = index, run_id = item.RunId, is_new = item.IsNew, problem = item.Problem });
        session.QueueSqlCommand(
            """
            insert into agents.batch_item (tenant_id, batch_id, position, run_id, is_new, problem)
            select ?, ?, i.position, i.run_id, i.is_new, i.problem
            from json_to_recordset(?::json) i (position integer, run_id uuid, is_new boolean, problem json)
            """,
            caller.Tenant, batchId, JsonSerializer.Serialize(rows, JsonFormat.Api));
    }

    static IResult Refused(IReadOnlyList<BatchItem> items)
    {
        var bad = items.Where(item => item.Problem is not null).Select(ResultOf).ToList();
        return Results.Problem(
            statusCode: 400, title: "Nothing was queued",
            detail: $"{bad.Count:N0} of {items.Count:N0} items are refused; the first is item {bad[0].Index}: {bad[0].Problem!.Title}: "
                + $"{bad[0].Problem!.Detail}",
            extensions: new Dictionary<string, object?> { ["items"] = bad });
    }

    static BatchResult ResultOf(BatchItem item) => new(item.Index, item.Status, item.RunId, item.Problem);

    static QueuedBatch Answer(Guid id, IReadOnlyList<BatchItem> items) => new(
        id, $"/batches/{id}", items.Count(item => item.IsNew), items.Count(item => item is { IsNew: false, RunId: not null }),
        items.Count(item => item.Problem is not null),
        [.. items.Select(ResultOf)]);

    static IResult Accepted(QueuedBatch batch) => Results.Accepted(batch.Url, batch);
}
