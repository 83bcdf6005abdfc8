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
    /// <summary>The batch that a request with this key asked for before. Requests with the same key wait until the session's transaction ends.</summary>
    public async Task<(string RequestHash, QueuedBatch Batch)?> Earlier(IDocumentSession session, string key, CancellationToken ct)
    {
        await EarlierRuns.WaitForOthers(session, $"batch {key}", ct);
        await using var command = Command("select batch_id, request_hash from agents.batch where tenant_id = $1 and idempotency_key = $2", session.TenantId, key);
        await using var rows = await command.ExecuteReaderAsync(ct);
        if (!await rows.ReadAsync(ct)) return null;

        var (id, hash) = (rows.GetGuid(0), rows.GetString(1));
        var items = await Accepted(session.TenantId, id, ct);
        return (hash, new(
            id, $"/batches/{id}", items.Count(item => item.Status == "queued"), items.Count(item => item.Status == "repeated"), items.Count(item => item.Status == "refused"), items));
    }

    /// <summary>Null when the tenant has no such batch.</summary>
    public async Task<BatchView?> Find(string tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command($"{Progress} where b.tenant_id = $1 and b.batch_id = $2 {EachBatch}", tenant, id);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) ? ViewOf(rows) : null;
    }

    /// <summary>Newest first.</summary>
    /// <param name="before">The cursor: batches older than this one. Null for the first page.</param>
    public async Task<Page<BatchView>> All(string tenant, Guid? before, int limit, CancellationToken ct)
    {
        await using var command = Command(
            $"""
            {Progress} where b.tenant_id = $1 and b.batch_id in (
              select batch_id from agents.batch where tenant_id = $1 and batch_id < $2 order by batch_id desc limit $3)
            {EachBatch}
            """, tenant, before ?? Guid.AllBitsSet, limit + 1);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var batches = new List<BatchView>();
        while (await rows.ReadAsync(ct)) batches.Add(ViewOf(rows));
        return batches.Count > limit ? new(batches[..limit], batches[limit - 1].Id.ToString()) : new(batches, null);
    }

    const string Progress =
        """
        select b.requested_by, b.queued_at, count(*)::int, count(*) filter (where i.run_id is null)::int,
          count(*) filter (where r.status = 'queued')::int, count(*) filter (where r.status = 'running')::int,
          count(*) filter (where r.status = 'paused')::int, count(*) filter (where r.status = 'parked')::int,
          count(*) filter (where r.status = 'completed')::int, count(*) filter (where r.status = 'failed')::int,
          count(*) filter (where r.status = 'cancelled')::int,
          coalesce(sum(r.cost_usd), 0), coalesce(sum(r.unpriced_calls), 0)::int, min(r.started_at), max(r.finished_at),
          bool_and(i.run_id is null or r.finished_at is not null), b.batch_id
        from agents.batch b
        join agents.batch_item i on i.tenant_id = b.tenant_id and i.batch_id = b.batch_id
        left join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
        """;

    const string EachBatch = "group by b.batch_id, b.requested_by, b.queued_at order by b.batch_id desc";

    static BatchView ViewOf(NpgsqlDataReader rows)
    {
        var isFinished = rows.GetBoolean(15);
        return new(
            rows.GetGuid(16), rows.GetString(0), rows.GetFieldValue<DateTimeOffset>(1), rows.GetInt32(2), rows.GetInt32(3), rows.GetInt32(4), rows.GetInt32(5), rows.GetInt32(6),
            rows.GetInt32(7), rows.GetInt32(8), rows.GetInt32(9), rows.GetInt32(10), rows.GetDecimal(11), rows.GetInt32(12),
            rows.IsDBNull(13) ? null : rows.GetFieldValue<DateTimeOffset>(13),
            !isFinished || rows.IsDBNull(14) ? null : rows.GetFieldValue<DateTimeOffset>(14), isFinished);
    }

    /// <summary>In the order of the request.</summary>
    /// <param name="after">The cursor: items behind this position; -1 for the first page.</param>
    public async Task<Page<BatchItemView>> Items(string tenant, Guid id, int after, int limit, CancellationToken ct)
    {
        await using var command = Command(
            """
            select i.position, coalesce(r.status, 'refused'), i.run_id, r.question, r.answer, r.citations, r.failure_kind, r.failure_message, r.cost_usd, i.problem
            from agents.batch_item i left join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
            where i.tenant_id = $1 and i.batch_id = $2 and i.position > $3 order by i.position limit $4
            """, tenant, id, after, limit + 1);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var items = new List<BatchItemView>();
        while (await rows.ReadAsync(ct))
            items.Add(new(
                rows.GetInt32(0), rows.GetString(1), Get<Guid?>(rows, 2), Get<string?>(rows, 3), Get<string?>(rows, 4), Json<JsonElement?>(rows, 5),
                Get<string?>(rows, 6) is { } kind ? new(kind, rows.GetString(7)) : null, Get<decimal?>(rows, 8), Json<BatchProblem?>(rows, 9)));
        return items.Count > limit ? new(items[..limit], items[limit - 1].Index.ToString(System.Globalization.CultureInfo.InvariantCulture)) : new(items, null);
    }

    /// <summary>The runs that this batch began and that have not ended. Those that its items found begun before are not among them.</summary>
    public async Task<IReadOnlyList<Guid>> Unfinished(string tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command(
            """
            select i.run_id from agents.batch_item i join agents.run_summary r on r.tenant_id = i.tenant_id and r.run_id = i.run_id
            where i.tenant_id = $1 and i.batch_id = $2 and i.is_new and r.finished_at is null order by i.position
            """, tenant, id);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var runs = new List<Guid>();
        while (await rows.ReadAsync(ct)) runs.Add(rows.GetGuid(0));
        return runs;
    }

    async Task<IReadOnlyList<BatchResult>> Accepted(string tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command(
            "select position, run_id, is_new, problem from agents.batch_item where tenant_id = $1 and batch_id = $2 order by position", tenant, id);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var items = new List<BatchResult>();
        while (await rows.ReadAsync(ct))
            items.Add(new(rows.GetInt32(0), rows.IsDBNull(1) ? "refused" : rows.GetBoolean(2) ? "queued" : "repeated", Get<Guid?>(rows, 1), Json<BatchProblem?>(rows, 3)));
        return items;
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);

    static T? Json<T>(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? default : JsonSerializer.Deserialize<T>(row.GetString(column), JsonFormat.Api);
}
