using System.Text.Json;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Batches;

/// <summary>Reads batches. Every query belongs to a tenant.</summary>
public sealed class BatchReader(NpgsqlDataSource database)
{
    /// <summary>
    /// The batch that a request with this key asked for before. Requests with the same key wait until the session's transaction ends.
    /// </summary>
    public async Task<(string RequestHash, QueuedBatch Batch)?> Earlier(IDocumentSession session, string key, CancellationToken ct)
    {
        if (await EarlierBatch.Of(database, session, key, ct) is not var (id, hash)) return null;

        var items = await Accepted(session.TenantId, id, ct);
        return (hash, new(
            id, $"/batches/{id}", items.Count(item => item.Status == "queued"), items.Count(item => item.Status == "repeated"),
            items.Count(item => item.Status == "refused"), items));
    }

    /// <summary>Null when the tenant has no such batch.</summary>
    public Task<BatchView?> Find(string tenant, Guid id, CancellationToken ct) => database.First<BatchView>(
        $"""
        {Progress}
        where b.tenant_id = @tenant and b.batch_id = @id
        {EachBatch}
        """, new { tenant, id }, ct);

    /// <summary>Newest first.</summary>
    /// <param name="before">The cursor: batches older than this one. Null for the first page.</param>
    public async Task<Page<BatchView>> All(string tenant, Guid? before, int limit, CancellationToken ct)
    {
        var batches = await database.Query<BatchView>(
            $"""
            {Progress}
            where b.tenant_id = @tenant and b.batch_id in (
              select batch_id from agents.batch
              where tenant_id = @tenant and batch_id < @before
              order by batch_id desc limit @most)
            {EachBatch}
            """, new { tenant, before = before ?? Guid.AllBitsSet, most = limit + 1 }, ct);
        return batches.Count > limit ? new(batches[..limit], batches[limit - 1].Id.ToString()) : new(batches, null);
    }

    const string Progress =
        """
        select b.batch_id as id, b.requested_by, b.queued_at, count(*) as items, count(*) filter (where i.run_id is null) as refused,
          count(*) filter (where r.status = 'queued') as queued, count(*) filter (where r.status = 'running') as running,
          count(*) filter (where r.status = 'paused') as paused, count(*) filter (where r.status = 'parked') as parked,
          count(*) filter (where r.status = 'completed') as completed, count(*) filter (where r.status = 'failed') as failed,
          count(*) filter (where r.status = 'cancelled') as cancelled,
          coalesce(sum(r.cost_usd), 0) as cost_usd, coalesce(sum(r.unpriced_calls), 0) as unpriced_calls, min(r.started_at) as started_at,
          case when bool_and(i.run_id is null or r.finished_at is not null) then max(r.finished_at) end as finished_at,
          bool_and(i.run_id is null or r.finished_at is not null) as is_finished,
          b.requested_by_key, count(*) filter (where r.status = 'completed' and r.incomplete is not null) as incomplete
        from agents.batch b
        join agents.batch_item i on i.tenant_id = b.tenant_id and i.batch_id = b.batch_id
        left join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
        """;

    const string EachBatch = "group by b.batch_id, b.requested_by, b.requested_by_key, b.queued_at order by b.batch_id desc";

    /// <summary>In the order of the request.</summary>
    /// <param name="after">The cursor: items behind this position; -1 for the first page.</param>
    public async Task<Page<BatchItemView>> Items(string tenant, Guid id, int after, int limit, CancellationToken ct)
    {
        var rows = await database.Query<ItemRow>(
            """
            select i.position, coalesce(r.status, 'refused') as status, i.run_id, r.question, r.answer, r.citations,
              r.failure_kind, r.failure_message, r.cost_usd, i.problem, r.incomplete, r.output
            from agents.batch_item i left join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
            where i.tenant_id = @tenant and i.batch_id = @id and i.position > @after
            order by i.position limit @most
            """, new { tenant, id, after, most = limit + 1 }, ct);
        var items = rows.ConvertAll(row => row.View());
        return items.Count > limit
            ? new(items[..limit], items[limit - 1].Index.ToString(System.Globalization.CultureInfo.InvariantCulture))
            : new(items, null);
    }

    /// <summary>The runs that this batch began and that have not ended. Those that its items found begun before are not among them.</summary>
    public async Task<IReadOnlyList<Guid>> Unfinished(string tenant, Guid id, CancellationToken ct) => await database.Query<Guid>(
        """
        select i.run_id from agents.batch_item i join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
        where i.tenant_id = @tenant and i.batch_id = @id and i.is_new and r.finished_at is null
        order by i.position
        """, new { tenant, id }, ct);

    async Task<IReadOnlyList<BatchResult>> Accepted(string tenant, Guid id, CancellationToken ct) => (await database.Query<AcceptedRow>(
        """
        select position, run_id, is_new, problem from agents.batch_item
        where tenant_id = @tenant and batch_id = @id
        order by position
        """, new { tenant, id }, ct)).ConvertAll(row => row.Result());

    static BatchProblem? Problem(string? json) => json is null ? null : JsonSerializer.Deserialize<BatchProblem>(json, JsonFormat.Api);

    sealed record ItemRow(
        int Position, string Status, Guid? RunId, string? Question, string? Answer, JsonElement? Citations, string? FailureKind,
        string? FailureMessage, decimal? CostUsd, string? Problem, string? Incomplete, JsonElement? Output)
    {
        public BatchItemView View() => new(
            Position, Status, RunId, Question, Answer, Citations, FailureKind is null ? null : new(FailureKind, FailureMessage!), CostUsd,
            BatchReader.Problem(Problem), Incomplete, Output);
    }

    sealed record AcceptedRow(int Position, Guid? RunId, bool IsNew, string? Problem)
    {
        public BatchResult Result() => new(Position, RunId is null ? "refused" : IsNew ? "queued" : "repeated", RunId, BatchReader.Problem(Problem));
    }
}
