using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Projections;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Runs;

/// <summary>Reads runs for people and programs: from the read models, and facts from the log. Every query belongs to a tenant.</summary>
public sealed class RunReader(NpgsqlDataSource database, IDocumentStore store)
{
    const string Columns =
        """
        r.run_id, r.agent, r.agent_version, r.status, r.priority, r.question, r.model, r.step, r.step_name, r.answer, r.citations,
        r.failure_kind, r.failure_message, r.reason, r.model_calls, r.input_tokens, r.cached_input_tokens, r.cache_write_5_minutes_tokens,
        r.cache_write_1_hour_tokens, r.output_tokens, r.reasoning_tokens, r.cost_usd, r.unpriced_calls,
        u.calls, u.low, u.high, r.budget_usd, r.metadata, r.queued_at, r.started_at, r.finished_at, r.thread_id, r.previous,
        r.not_before, r.deadline_at, r.batch_id, r.schedule_id, r.parent, r.audio_input_tokens, r.audio_output_tokens, r.web_searches,
        r.forked_from, r.forked_at, r.inherited_usd
        """;

    const string From =
        """
        from agents.run_summary r left join lateral (
          select count(*)::int as calls, sum(low_usd) as low, case when bool_or(high_usd is null) then null else sum(high_usd) end as high
          from finance.unconfirmed f where f.tenant_id = r.tenant_id and f.run_id = r.run_id) u on true
        """;

    /// <summary>Null when the tenant has no such run.</summary>
    public async Task<RunView?> Run(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"select {Columns} {From} where r.tenant_id = $1 and r.run_id = $2");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct) ? RunOf(rows) : null;
    }

    /// <summary>The runs that a run has started, oldest first.</summary>
    public async Task<IReadOnlyList<RunView>> Children(string tenant, Guid parent, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"select {Columns} {From} where r.tenant_id = $1 and r.parent = $2 order by r.queued_at, r.run_id");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = parent });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new List<RunView>();
        while (await rows.ReadAsync(ct)) found.Add(RunOf(rows));
        return found;
    }

    /// <summary>Newest first.</summary>
    /// <param name="failure">Kind of failure the run is parked or failed for. Null for all, and for none.</param>
    /// <param name="before">The cursor: runs older than this one.</param>
    public async Task<Page<RunView>> Runs(string tenant, RunStatus? status, string? agent, string? failure, Guid? before, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            select {Columns} {From}
            where r.tenant_id = $1 and ($2::text is null or r.status = $2) and ($3::text is null or r.agent = $3) and ($4::uuid is null or r.run_id < $4)
              and ($6::text is null or r.failure_kind = $6)
            order by r.run_id desc limit $5
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = (object?)status?.ToString().ToLowerInvariant() ?? DBNull.Value });
        command.Parameters.Add(new() { Value = (object?)agent ?? DBNull.Value });
        command.Parameters.Add(new() { Value = (object?)before ?? DBNull.Value });
        command.Parameters.Add(new() { Value = limit + 1 });
        command.Parameters.Add(new() { Value = (object?)failure ?? DBNull.Value });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<RunView>();
        while (await rows.ReadAsync(ct)) found.Add(RunOf(rows));
        return found.Count > limit ? new(found[..limit], found[limit - 1].Id.ToString()) : new(found, null);
    }

    /// <summary>The ids of runs that fit, oldest first.</summary>
    /// <param name="agent">Null for all agents.</param>
    /// <param name="failure">Kind of failure the run is parked for. Null for all, and for none.</param>
    /// <param name="isUnforked">Only runs that are no forks and were never forked.</param>
    public async Task<IReadOnlyList<Guid>> Matching(
        string tenant, string[] statuses, string? agent, string? failure, int limit, CancellationToken ct, bool isUnforked = false)
    {
        await using var command = database.CreateCommand(
            """
            select run_id from agents.run_summary r
            where tenant_id = $1 and status = any($2) and ($3::text is null or agent = $3) and ($4::text is null or failure_kind = $4)
              and (not $6 or forked_from is null and not exists (
                select from agents.run_summary f where f.tenant_id = r.tenant_id and f.forked_from = r.run_id))
            order by run_id limit $5
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = statuses });
        command.Parameters.Add(new() { Value = (object?)agent ?? DBNull.Value });
        command.Parameters.Add(new() { Value = (object?)failure ?? DBNull.Value });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = isUnforked });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<Guid>();
        while (await rows.ReadAsync(ct)) found.Add(rows.GetGuid(0));
        return found;
    }

    /// <summary>The runs of a thread, oldest first; empty when there is no such thread.</summary>
    /// <param name="after">The cursor: runs queued after this one.</param>
    public async Task<Page<RunView>> Thread(string tenant, string threadId, Guid? after, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            select {Columns} {From}
            where r.run_id in (select run_id from agents.run_summary where {ThreadPlace.InThread}) and r.tenant_id = $1
              and ($4::uuid is null or (r.queued_at, r.run_id) > (select queued_at, run_id from agents.run_summary where tenant_id = $1 and run_id = $4))
            order by r.queued_at, r.run_id limit $5
            """);
        ThreadPlace.AddThread(command, tenant, threadId);
        command.Parameters.Add(new() { Value = (object?)after ?? DBNull.Value });
        command.Parameters.Add(new() { Value = limit + 1 });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<RunView>();
        while (await rows.ReadAsync(ct)) found.Add(RunOf(rows));
        return found.Count > limit ? new(found[..limit], found[limit - 1].Id.ToString()) : new(found, null);
    }

    /// <summary>The facts after a version, in order, at most so many; empty for a run of another tenant.</summary>
    public async Task<IReadOnlyList<EventView>> Events(string tenant, Guid runId, long after, int limit, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, version: after + limit, fromVersion: after + 1, token: ct);
        return [.. stored.Select(e => EventView.Of(e.Version, EventNames.All[e.EventType], e.Timestamp, e.Data))];
    }

    public async Task<IReadOnlyList<TimelineView>> Timeline(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select version, at, type, step, name, call, attempt, tool_call_id, duration_ms, input_tokens, output_tokens, cost_usd, detail
            from agents.timeline where tenant_id = $1 and run_id = $2 order by version
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var timeline = new List<TimelineView>();
        while (await rows.ReadAsync(ct))
            timeline.Add(new(
                rows.GetInt64(0), rows.GetFieldValue<DateTimeOffset>(1), rows.GetString(2), Get<int?>(rows, 3), Get<string?>(rows, 4),
                Get<int?>(rows, 5), Get<int?>(rows, 6), Get<string?>(rows, 7), Get<double?>(rows, 8), Get<long?>(rows, 9), Get<long?>(rows, 10),
                Get<decimal?>(rows, 11), Get<string?>(rows, 12)));
        return timeline;
    }

    static RunView RunOf(NpgsqlDataReader row)
    {
        var (queued, started, finished) = (row.GetFieldValue<DateTimeOffset>(28), Get<DateTimeOffset?>(row, 29), Get<DateTimeOffset?>(row, 30));
        return new(
            row.GetGuid(0), row.GetString(1), row.GetInt32(2), row.GetString(3), row.GetInt32(4), row.GetString(5), row.GetString(6),
            row.GetInt32(7), Get<string?>(row, 8), Get<string?>(row, 9), JsonOf(row, 10),
            Get<string?>(row, 11) is { } kind ? new(kind, row.GetString(12)) : null, Get<string?>(row, 13),
            row.GetInt32(14),
            new(
                row.GetInt64(15), row.GetInt64(16), row.GetInt64(17), row.GetInt64(18), row.GetInt64(19), row.GetInt64(20), row.GetInt64(38),
                row.GetInt64(39), row.GetInt64(40)),
            row.GetDecimal(21), row.GetInt32(22),
            row.GetInt32(23) > 0 ? new(row.GetInt32(23), row.GetDecimal(24), Get<decimal?>(row, 25)) : null,
            Get<decimal?>(row, 26), JsonOf(row, 27), queued, started, finished, (finished - queued)?.TotalSeconds,
            Get<string?>(row, 31), Get<Guid?>(row, 32),
            Get<DateTimeOffset?>(row, 33), Get<DateTimeOffset?>(row, 34), Get<Guid?>(row, 35), Get<Guid?>(row, 36), Get<Guid?>(row, 37),
            Get<Guid?>(row, 41) is { } origin ? new(origin, row.GetInt64(42)) : null, Get<decimal?>(row, 43));
    }

    static JsonElement? JsonOf(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(column));

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);
}
