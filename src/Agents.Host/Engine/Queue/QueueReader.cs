using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Engine.Queue;

/// <summary>The runs of one tenant, agent and priority.</summary>
/// <param name="Waiting">Ready and without a slot.</param>
/// <param name="HeldBack">Waiting for something else first: a time, an approval, a run before it.</param>
/// <param name="Running">Holding a slot.</param>
/// <param name="OldestSeconds">How long the oldest of the waiting ones has waited. Null when none waits.</param>
/// <param name="StartsPerMinute">Slots given to them in the last five minutes, by the minute. Null when none was.</param>
public sealed record QueueView(string Tenant, string Agent, int Priority, long Waiting, long HeldBack, long Running, double? OldestSeconds, double? StartsPerMinute);

/// <summary>Reads the queue as a whole.</summary>
public sealed class QueueReader(NpgsqlDataSource database)
{
    /// <param name="tenant">Null for all.</param>
    public async Task<IReadOnlyList<QueueView>> Classes(string? tenant, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            with class as (
              select tenant_id, agent, priority,
                count(*) filter (where node is null and waits_for is null and not_before is null) as waiting,
                count(*) filter (where node is null and (waits_for is not null or not_before is not null)) as held_back,
                count(*) filter (where node is not null) as running,
                extract(epoch from clock_timestamp() - min(since) filter (where node is null and waits_for is null and not_before is null))::float8 as oldest
              from agents.run_queue where state <> 'settling' and ($1::text is null or tenant_id = $1) group by tenant_id, agent, priority),
            pace as (
              select tenant_id, agent, priority, sum(given) * 60 / greatest(10, extract(epoch from clock_timestamp() - min(at)))::float8 as per_minute
              from agents.admission_pace where at > clock_timestamp() - interval '5 min' and ($1::text is null or tenant_id = $1) group by tenant_id, agent, priority)
            select tenant_id, agent, priority, coalesce(waiting, 0), coalesce(held_back, 0), coalesce(running, 0), oldest, per_minute
            from class full join pace using (tenant_id, agent, priority) order by priority desc, tenant_id, agent
            """);
        command.Parameters.Add(new() { Value = (object?)tenant ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var classes = new List<QueueView>();
        while (await rows.ReadAsync(ct))
            classes.Add(new(
                rows.GetString(0), rows.GetString(1), rows.GetInt32(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5),
                rows.IsDBNull(6) ? null : rows.GetDouble(6), rows.IsDBNull(7) ? null : Math.Round(rows.GetDouble(7), 2)));
        return classes;
    }
}
