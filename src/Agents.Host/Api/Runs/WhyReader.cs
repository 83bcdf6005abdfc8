using Agents.Domain.Runs;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Gathers what is known of a run's place in the queue.</summary>
public sealed class WhyReader(NpgsqlDataSource database, IDocumentStore store)
{
    public async Task<WhyView?> Read(string tenant, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        if (await session.LoadAsync<Run>(runId, ct) is not { } run) return null;

        var (place, now) = await Place(tenant, runId, ct);
        var why = Explanation.Of(run, place);
        return new(
            runId, run.Status.ToString().ToLowerInvariant(), why.Summary, why.BlockedBy, why.Position,
            place?.StartsPerMinute is { } pace ? Math.Round(pace, 2) : null, why.StartsIn is { } wait ? now + wait : null);
    }

    /// <summary>Null when the run has no row in the queue.</summary>
    async Task<(QueuePlace?, DateTimeOffset Now)> Place(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select clock_timestamp(), q.node, q.waits_for, extract(epoch from q.not_before - clock_timestamp())::float8, q.after_run,
              coalesce((select array_agg(u.scope || case when u.value = '' then '' else ':' || u.value end || ' ' || u.running || ' ' || u.max_runs order by u.scope)
                from agents.admission_use u
                where u.running >= u.max_runs and (u.scope in ('overall', 'provider') or (u.scope, u.value) in (('tenant', q.tenant_id), ('agent', q.agent), ('model', q.model), ('key', q.key)))), '{}'),
              coalesce((select array_agg(p.scope || case when p.value = '' then '' else ':' || p.value end order by p.scope) from agents.admission_pause p
                where p.scope = 'all' or (p.scope, p.value) in (('tenant', q.tenant_id), ('agent', q.agent))), '{}'),
              (select count(*) from agents.run_queue o where o.tenant_id = q.tenant_id and o.node is null and o.waits_for is null and o.not_before is null and o.state <> 'settling'
                and o.priority > q.priority)
              + (select count(*) from agents.run_queue o where o.tenant_id = q.tenant_id and o.node is null and o.waits_for is null and o.not_before is null and o.state <> 'settling'
                and o.priority = q.priority and (o.since, o.run_id) < (q.since, q.run_id)),
              (select coalesce(sum(least(n.slots, (select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = n.name))), 0) from agents.living_node n
                where n.drained_at is null and n.name not in (select p.value from agents.admission_pause p where p.scope = 'node'))::integer,
              (select count(*) from agents.run_queue o where o.node is not null and o.state <> 'settling')::integer,
              (select sum(p.given) * 60 / greatest(10, extract(epoch from clock_timestamp() - min(p.at)))::float8 from agents.admission_pace p
                where p.at > clock_timestamp() - interval '5 min' and p.tenant_id = q.tenant_id and p.priority >= q.priority)
            from agents.run_queue q where q.tenant_id = $1 and q.run_id = $2 and q.state <> 'settling'
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        await using var row = await command.ExecuteReaderAsync(ct);
        if (!await row.ReadAsync(ct)) return (null, default);

        return (new(
            row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : TimeSpan.FromSeconds(row.GetDouble(3)),
            row.IsDBNull(4) ? null : row.GetGuid(4), [.. row.GetFieldValue<string[]>(5).Select(LimitOf)], row.GetFieldValue<string[]>(6),
            row.GetInt64(7), row.GetInt32(8), row.GetInt32(9), row.IsDBNull(10) ? null : row.GetDouble(10)), row.GetFieldValue<DateTimeOffset>(0));
    }

    static FullLimit LimitOf(string text)
    {
        var parts = text.Split(' ');
        return new(string.Join(' ', parts[..^2]), int.Parse(parts[^2], null), int.Parse(parts[^1], null));
    }
}
