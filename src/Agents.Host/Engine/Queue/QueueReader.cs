using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The runs of one tenant, agent and priority.</summary>
/// <param name="Waiting">Ready and without a slot.</param>
/// <param name="HeldBack">Waiting for something else first: a time, an approval, a run before it.</param>
/// <param name="Running">Holding a slot.</param>
/// <param name="OldestSeconds">How long the oldest of the waiting ones has waited. Null when none waits.</param>
/// <param name="StartsPerMinute">Slots given to them in the last five minutes, by the minute. Null when none was.</param>
public sealed record QueueView(
    string Tenant, string Agent, int Priority, long Waiting, long HeldBack, long Running, double? OldestSeconds, double? StartsPerMinute);

/// <summary>Reads the queue as a whole.</summary>
public sealed class QueueReader(NpgsqlDataSource database)
{
    /// <param name="tenant">Null for all.</param>
    public async Task<IReadOnlyList<QueueView>> Classes(string? tenant, CancellationToken ct) => await database.Query<QueueView>(
        """
        with ready as (
          select tenant_id, agent, priority, count(*) as waiting, extract(epoch from clock_timestamp() - min(since))::float8 as oldest
          from agents.ready_run
          where @tenant is null or tenant_id = @tenant
          group by tenant_id, agent, priority),
        queued as (
          select tenant_id, agent, priority,
            count(*) filter (where node is null) as without_slot, count(*) filter (where node is not null) as running
          from agents.run_queue
          where state <> 'settling' and (@tenant is null or tenant_id = @tenant)
          group by tenant_id, agent, priority),
        class as (
          select tenant_id, agent, priority, coalesce(waiting, 0) as waiting, without_slot - coalesce(waiting, 0) as held_back, running, oldest
          from queued left join ready using (tenant_id, agent, priority)),
        pace as (
          select tenant_id, agent, priority, sum(given) * 60 / greatest(10, extract(epoch from clock_timestamp() - min(at))) as per_minute
          from agents.admission_pace
          where at > clock_timestamp() - interval '5 min' and (@tenant is null or tenant_id = @tenant)
          group by tenant_id, agent, priority)
        select tenant_id as tenant, agent, priority, coalesce(waiting, 0) as waiting, coalesce(held_back, 0) as held_back,
          coalesce(running, 0) as running,
          oldest as oldest_seconds, round(per_minute, 2)::float8 as starts_per_minute
        from class full join pace using (tenant_id, agent, priority)
        order by priority desc, tenant_id, agent
        """, new { tenant }, ct);
}
