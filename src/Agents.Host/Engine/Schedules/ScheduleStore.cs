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
        created_by, created_at, changed_by, changed_at, created_by_key, changed_by_key, clock_timestamp() as now
        """;

    /// <summary>By name; one only when it is named.</summary>
    public async Task<IReadOnlyList<ScheduleView>> List(string tenant, string? only, CancellationToken ct)
    {
        var rows = await database.Query<ScheduleRow>(
            $"""
            select {Columns} from agents.schedule
            where tenant_id = @tenant and (@only is null or name = @only)
            order by name
            """, new { tenant, only }, ct);
        return rows.ConvertAll(row => row.View());
    }

    public async Task<ScheduleView?> Find(string tenant, string name, CancellationToken ct) => await List(tenant, name, ct) is [var one] ? one : null;

    public async Task<IReadOnlyList<ScheduledRun>> Runs(string tenant, Guid id, CancellationToken ct) => await database.Query<ScheduledRun>(
        """
        select run_id as id, status, queued_at from agents.run_summary
        where tenant_id = @tenant and schedule_id = @id
        order by run_id desc limit @shown
        """, new { tenant, id, Shown }, ct);

    public async Task<IReadOnlyList<ScheduleChange>> Changes(string tenant, string name, CancellationToken ct) =>
        await database.Query<ScheduleChange>(
        """
        select change, by, at, by_key from agents.schedule_change
        where tenant_id = @tenant and name = @name
        order by id desc limit @shown
        """, new { tenant, name, Shown }, ct);

    /// <summary>False when there is one of that name, or the tenant has as many as it may.</summary>
    /// <param name="next">Null when it never fires.</param>
    public Task<bool> Create(string tenant, string name, ScheduleRequest wanted, DateTimeOffset? next, Actor by, CancellationToken ct) => Change(
        "created", tenant, name, by,
        """
        insert into agents.schedule (
          tenant_id, name, schedule_id, cron, time_zone, overlap, missed, missed_most, run, is_paused, next_at, created_by, changed_by,
          created_by_key, changed_by_key)
        select @tenant, @name, @id, @cron, @time_zone, @overlap, @missed, @missed_most, @run::json, @paused, @next, @by, @by, @key_id, @key_id
        where (select count(*) from agents.schedule where tenant_id = @tenant) < @most_per_tenant
        on conflict do nothing
        """,
        new
        {
            tenant,
            name,
            by = by.Name,
            by.KeyId,
            id = Guid.CreateVersion7(),
            wanted.Cron,
            wanted.TimeZone,
            overlap = wanted.Overlap.ToString(),
            missed = wanted.Missed.ToString(),
            wanted.MissedMost,
            run = JsonOf(wanted),
            wanted.Paused,
            next,
            MostPerTenant,
        }, ct);

    /// <summary>False when there is none of that name. It goes on from now: what it missed before it was changed stays missed.</summary>
    public Task<bool> Replace(string tenant, string name, ScheduleRequest wanted, DateTimeOffset? next, Actor by, CancellationToken ct) => Change(
        "changed", tenant, name, by,
        """
        update agents.schedule
        set cron = @cron, time_zone = @time_zone, overlap = @overlap, missed = @missed, missed_most = @missed_most, run = @run::json,
          is_paused = @paused, next_at = @next, changed_by = @by, changed_by_key = @key_id, changed_at = clock_timestamp()
        where tenant_id = @tenant and name = @name
        """,
        new
        {
            tenant,
            name,
            by = by.Name,
            by.KeyId,
            wanted.Cron,
            wanted.TimeZone,
            overlap = wanted.Overlap.ToString(),
            missed = wanted.Missed.ToString(),
            wanted.MissedMost,
            run = JsonOf(wanted),
            wanted.Paused,
            next,
        }, ct);

    public Task<bool> Pause(string tenant, string name, Actor by, CancellationToken ct) => Change(
        "paused", tenant, name, by,
        """
        update agents.schedule set is_paused = true, changed_by = @by, changed_by_key = @key_id, changed_at = clock_timestamp()
        where tenant_id = @tenant and name = @name
        """, new { tenant, name, by = by.Name, by.KeyId }, ct);

    /// <summary>It goes on from now: what was due while it was paused was not missed.</summary>
    public Task<bool> Resume(string tenant, string name, DateTimeOffset? next, Actor by, CancellationToken ct) => Change(
        "resumed", tenant, name, by,
        """
        update agents.schedule
        set is_paused = false, next_at = case when is_paused then @next else next_at end, changed_by = @by, changed_by_key = @key_id,
          changed_at = clock_timestamp()
        where tenant_id = @tenant and name = @name
        """, new { tenant, name, by = by.Name, by.KeyId, next }, ct);

    /// <summary>Its runs stay, and go on.</summary>
    public async Task<bool> Delete(string tenant, string name, Actor by, CancellationToken ct) => await database.Execute(
        """
        with gone as (delete from agents.schedule where tenant_id = @tenant and name = @name returning *)
        insert into agents.schedule_change (tenant_id, schedule_id, name, change, by, by_key, schedule)
        select tenant_id, schedule_id, name, 'deleted', @by, @key_id, row_to_json(gone) from gone
        """, new { tenant, name, by = by.Name, by.KeyId }, ct) > 0;

    async Task<bool> Change(string change, string tenant, string name, Actor by, string sql, object values, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.Execute(sql, values, ct) == 0) return false;

        await connection.Execute(
            """
            insert into agents.schedule_change (tenant_id, schedule_id, name, change, by, by_key, schedule)
            select tenant_id, schedule_id, name, @change, @by, @key_id, row_to_json(s) from agents.schedule s
            where tenant_id = @tenant and name = @name
            """, new { tenant, name, change, by = by.Name, by.KeyId }, ct);
        await transaction.CommitAsync(ct);
        signals.SchedulesChanged();
        return true;
    }

    static string JsonOf(ScheduleRequest wanted) => JsonSerializer.Serialize(wanted.Run!, JsonFormat.Api);
}

/// <summary>What <see cref="ScheduleStore.Columns"/> are.</summary>
sealed record ScheduleRow(
    string Name, Guid ScheduleId, string Cron, string TimeZone, Overlap Overlap, Missed Missed, int MissedMost, bool IsPaused, string Run,
    DateTimeOffset? NextAt, DateTimeOffset? LastAt, string? LastOutcome, Guid? LastRunId, string CreatedBy, DateTimeOffset CreatedAt,
    string ChangedBy, DateTimeOffset ChangedAt, string? CreatedByKey, string? ChangedByKey, DateTimeOffset Now)
{
    public ScheduleView View() => new(
        Name, ScheduleId, Cron, TimeZone, Overlap, Missed, MissedMost, IsPaused, JsonSerializer.Deserialize<QueueRunRequest>(Run, JsonFormat.Api)!,
        IsPaused ? null : NextAt, LastAt, LastOutcome, LastRunId, CreatedBy, CreatedAt, ChangedBy, ChangedAt,
        CreatedByKey, ChangedByKey);
}
