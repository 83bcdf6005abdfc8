using System.Text.Json;
using Agents.Domain.Schedules;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Schedules;

/// <summary>Reads and changes a tenant's schedules; every change is recorded with who made it.</summary>
public sealed class ScheduleStore(NpgsqlDataSource database, NodeSignals signals)
{
    public const int MostPerTenant = 1000;

    const int Shown = 20;

    internal const string Columns =
        """
        name, schedule_id, cron, time_zone, overlap, missed, missed_most, is_paused, run, next_at, last_at, last_outcome, last_run_id,
        created_by, created_at, changed_by, changed_at
        """;

    /// <summary>By name; one only when it is named.</summary>
    public async Task<IReadOnlyList<ScheduleView>> List(string tenant, string? only, CancellationToken ct)
    {
        await using var command = Command($"select {Columns} from agents.schedule where tenant_id = $1 and ($2::text is null or name = $2) order by name", tenant, only);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var schedules = new List<ScheduleView>();
        while (await rows.ReadAsync(ct)) schedules.Add(ViewOf(rows));
        return schedules;
    }

    public async Task<ScheduleView?> Find(string tenant, string name, CancellationToken ct) => await List(tenant, name, ct) is [var one] ? one : null;

    public async Task<IReadOnlyList<ScheduledRun>> Runs(string tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command(
            "select run_id, status, queued_at from agents.run_summary where tenant_id = $1 and schedule_id = $2 order by run_id desc limit $3", tenant, id, Shown);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var runs = new List<ScheduledRun>();
        while (await rows.ReadAsync(ct)) runs.Add(new(rows.GetGuid(0), rows.GetString(1), rows.GetFieldValue<DateTimeOffset>(2)));
        return runs;
    }

    public async Task<IReadOnlyList<ScheduleChange>> Changes(string tenant, string name, CancellationToken ct)
    {
        await using var command = Command(
            "select change, by, at from agents.schedule_change where tenant_id = $1 and name = $2 order by id desc limit $3", tenant, name, Shown);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var changes = new List<ScheduleChange>();
        while (await rows.ReadAsync(ct)) changes.Add(new(rows.GetString(0), rows.GetString(1), rows.GetFieldValue<DateTimeOffset>(2)));
        return changes;
    }

    /// <summary>False when there is one of that name, or the tenant has as many as it may.</summary>
    /// <param name="next">Null when it never fires.</param>
    public Task<bool> Create(string tenant, string name, ScheduleRequest wanted, DateTimeOffset? next, string by, CancellationToken ct) => Change(
        "created", tenant, name, by,
        """
        insert into agents.schedule (
          tenant_id, name, schedule_id, cron, time_zone, overlap, missed, missed_most, run, is_paused, next_at, created_by, changed_by)
        select $1, $2, $4, $5, $6, $7, $8, $9, $10::json, $11, $12, $3, $3
        where (select count(*) from agents.schedule where tenant_id = $1) < $13
        on conflict do nothing
        """,
        [Guid.CreateVersion7(), .. ValuesOf(wanted, next), MostPerTenant], ct);

    /// <summary>False when there is none of that name. It goes on from now: what it missed before it was changed stays missed.</summary>
    public Task<bool> Replace(string tenant, string name, ScheduleRequest wanted, DateTimeOffset? next, string by, CancellationToken ct) => Change(
        "changed", tenant, name, by,
        """
        update agents.schedule set cron = $4, time_zone = $5, overlap = $6, missed = $7, missed_most = $8, run = $9::json, is_paused = $10, next_at = $11,
          changed_by = $3, changed_at = clock_timestamp()
        where tenant_id = $1 and name = $2
        """, ValuesOf(wanted, next), ct);

    public Task<bool> Pause(string tenant, string name, string by, CancellationToken ct) => Change(
        "paused", tenant, name, by, "update agents.schedule set is_paused = true, changed_by = $3, changed_at = clock_timestamp() where tenant_id = $1 and name = $2", [], ct);

    /// <summary>It goes on from now: what was due while it was paused was not missed.</summary>
    public Task<bool> Resume(string tenant, string name, DateTimeOffset? next, string by, CancellationToken ct) => Change(
        "resumed", tenant, name, by,
        """
        update agents.schedule set is_paused = false, next_at = case when is_paused then $4 else next_at end, changed_by = $3, changed_at = clock_timestamp()
        where tenant_id = $1 and name = $2
        """, [next], ct);

    /// <summary>Its runs stay, and go on.</summary>
    public async Task<bool> Delete(string tenant, string name, string by, CancellationToken ct)
    {
        await using var command = Command(
            """
            with gone as (delete from agents.schedule where tenant_id = $1 and name = $2 returning *)
            insert into agents.schedule_change (tenant_id, schedule_id, name, change, by, schedule)
            select tenant_id, schedule_id, name, 'deleted', $3, row_to_json(gone) from gone
            """, tenant, name, by);
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    async Task<bool> Change(string change, string tenant, string name, string by, string sql, object?[] values, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var first = new NpgsqlCommand(sql, connection, transaction))
        {
            Add(first, [tenant, name, by, .. values]);
            if (await first.ExecuteNonQueryAsync(ct) == 0) return false;
        }

        await using (var record = new NpgsqlCommand(Record, connection, transaction))
        {
            Add(record, [tenant, name, by, change]);
            await record.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
        signals.SchedulesChanged();
        return true;
    }

    const string Record =
        """
        insert into agents.schedule_change (tenant_id, schedule_id, name, change, by, schedule)
        select tenant_id, schedule_id, name, $4, $3, row_to_json(s) from agents.schedule s where tenant_id = $1 and name = $2
        """;

    static object?[] ValuesOf(ScheduleRequest wanted, DateTimeOffset? next) =>
    [
        wanted.Cron!, wanted.TimeZone, wanted.Overlap.ToString(), wanted.Missed.ToString(), wanted.MissedMost,
        JsonSerializer.Serialize(wanted.Run!, JsonFormat.Api), wanted.Paused, next,
    ];

    internal static ScheduleView ViewOf(NpgsqlDataReader row)
    {
        var isPaused = row.GetBoolean(7);
        return new(
            row.GetString(0), row.GetGuid(1), row.GetString(2), row.GetString(3), Enum.Parse<Overlap>(row.GetString(4)), Enum.Parse<Missed>(row.GetString(5)),
            row.GetInt32(6), isPaused, JsonSerializer.Deserialize<QueueRunRequest>(row.GetString(8), JsonFormat.Api)!,
            isPaused ? null : Get<DateTimeOffset?>(row, 9), Get<DateTimeOffset?>(row, 10), Get<string?>(row, 11), Get<Guid?>(row, 12),
            row.GetString(13), row.GetFieldValue<DateTimeOffset>(14), row.GetString(15), row.GetFieldValue<DateTimeOffset>(16));
    }

    NpgsqlCommand Command(string sql, params object?[] values)
    {
        var command = database.CreateCommand(sql);
        Add(command, values);
        return command;
    }

    static void Add(NpgsqlCommand command, object?[] values)
    {
        foreach (var value in values)
            command.Parameters.Add(value is null ? new() { Value = DBNull.Value } : new() { Value = value });
    }

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);
}
