using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Runs;

/// <summary>Gathers what is known of a run's place in the queue.</summary>
public sealed class WhyReader(NpgsqlDataSource database, IDocumentStore store, ModelProviders providers)
{
    /// <summary>Null when the caller's tenant has no such run.</summary>
    public async Task<WhyView?> Read(Caller caller, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(caller.Tenant);
        if (await session.LoadAsync<Run>(runId, ct) is not { } run) return null;

        var (place, now) = await Place(caller.Tenant, runId, ct);
        var why = Explanation.Of(run, place, caller.SeesMoney);
        return new(
            runId, run.Status.ToString().ToLowerInvariant(), why.Summary, why.BlockedBy, why.Position,
            place?.StartsPerMinute is { } pace ? Math.Round(pace, 2) : null, why.StartsIn is { } wait ? now + wait : null);
    }

    /// <summary>Null when the run has no row in the queue.</summary>
    async Task<(QueuePlace?, DateTimeOffset Now)> Place(string tenant, Guid runId, CancellationToken ct) =>
        await database.First<PlaceRow>(
            """
            select clock_timestamp() as now, q.node, q.waits_for, q.rate_provider || '/' || q.rate_model as rate,
              coalesce(q.not_before, q.wake_at) - clock_timestamp() as wait, q.wake_at, q.after_run,
              coalesce((
                select array_agg(concat_ws(':', u.scope, nullif(u.value, '')) || ' ' || u.running || ' ' || u.max_runs order by u.scope)
                from agents.admission_use u
                where u.running >= u.max_runs and (u.scope = 'overall' or (u.scope, u.value) in
                  (('tenant', q.tenant_id), ('agent', q.agent), ('model', q.model), ('key', q.key),
                   ('provider', agents.provider_of(q.model, @main, @entries))))), '{}') as full_limits,
              coalesce((
                select array_agg(concat_ws(':', p.scope, nullif(p.value, '')) order by p.scope) from agents.admission_pause p
                where p.scope = 'all' or (p.scope, p.value) in (('tenant', q.tenant_id), ('agent', q.agent))), '{}') as pauses,
              (select count(*) from agents.ready_run o where o.tenant_id = q.tenant_id and o.priority > q.priority)
              + (select count(*) from agents.ready_run o
                 where o.tenant_id = q.tenant_id and o.priority = q.priority and (o.since, o.run_id) < (q.since, q.run_id)) as before,
              (select coalesce(sum(least(n.slots, (
                 select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = n.name))), 0)::integer
               from agents.living_node n
               where n.drained_at is null and n.name not in (select p.value from agents.admission_pause p where p.scope = 'node')) as slots,
              (select count(*) from agents.run_queue o where o.node is not null and o.state <> 'settling') as running,
              (select sum(p.given) * 60 / greatest(10, extract(epoch from clock_timestamp() - min(p.at)))::float8 from agents.admission_pace p
               where p.at > clock_timestamp() - interval '5 min' and p.tenant_id = q.tenant_id and p.priority >= q.priority) as starts_per_minute
            from agents.run_queue q
            where q.tenant_id = @tenant and q.run_id = @run_id and q.state <> 'settling'
            """, new { tenant, runId, main = providers.Main.Name, entries = providers.Names }, ct) is { } row ? (row.Place(), row.Now) : (null, default);

    sealed record PlaceRow(
        DateTimeOffset Now, string? Node, QueueWait? WaitsFor, string? Rate, TimeSpan? Wait, DateTimeOffset? WakeAt, Guid? AfterRun,
        string[] FullLimits, string[] Pauses, long Before, int Slots, int Running, double? StartsPerMinute)
    {
        public QueuePlace Place() => new(
            Node, WaitsFor, Rate, Wait, AfterRun, [.. FullLimits.Select(LimitOf)], Pauses, Before, Slots, Running, StartsPerMinute, WakeAt);
    }

    static FullLimit LimitOf(string text)
    {
        var parts = text.Split(' ');
        return new(string.Join(' ', parts[..^2]), int.Parse(parts[^2], null), int.Parse(parts[^1], null));
    }
}
