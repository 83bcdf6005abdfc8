using Agents.Host.Engine.Queue;

namespace Agents.Host.Audit;

/// <summary>I13: no run is left to a node that is gone.</summary>
static class LivingRuns
{
    public static Invariant Invariant() => new("I13", "No running run has been without a new fact for 60 s while its node is gone.");

    /// <summary>A living node holds its lock; it is only looked at, not tried, so that no node ever waits for this.</summary>
    static readonly string Abandoned =
        $"""
        select q.tenant_id, q.run_id, q.node, extract(epoch from clock_timestamp() - s.timestamp)::float8
        from agents.run_queue q join agents.mt_streams s on s.tenant_id = q.tenant_id and s.id = q.run_id
        where q.state = 'running' and ($1::text is null or q.tenant_id = $1) and s.timestamp < clock_timestamp() - interval '60 s'
          and q.waits_for is null and (q.not_before is null or q.not_before < clock_timestamp() - interval '60 s')
          and (q.node is not null or not exists (select from agents.admission_pause) and not exists (select from agents.admission_limit)
            and not exists (select from agents.run_queue h where h.node is not null and h.redriven_at > clock_timestamp() - interval '60 s'))
          and (q.node is null or not exists (
            select from pg_locks l
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1
              and l.database = (select oid from pg_database where datname = current_database())
              and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(q.node, {Node.LockSpace})))
        """;

    /// <summary>Where no server runs, nothing can go on, and nothing is amiss.</summary>
    public static Task<bool> HasNodes(Snapshot snapshot, CancellationToken ct) => snapshot.Scalar<bool>(
        "select exists (select from wolverine.wolverine_nodes where health_check > clock_timestamp() - interval '60 s')", ct);

    public static async Task Look(Invariant invariant, Snapshot snapshot, bool hasNodes, string? tenant, CancellationToken ct)
    {
        invariant.Count(await snapshot.Scalar<long>("select count(*) from agents.run_queue where state = 'running' and ($1::text is null or tenant_id = $1)", ct, tenant));
        var abandoned = 0;
        await foreach (var row in snapshot.Rows(Abandoned, ct, tenant))
        {
            abandoned++;
            if (hasNodes)
                invariant.Violate($"{new StoredRun(row.GetString(0), row.GetGuid(1), 0)} has had no new fact for {row.GetDouble(3):0} s, "
                    + $"and {(row.IsDBNull(2) ? "no node has it" : $"{row.GetString(2)} is gone")}");
        }

        if (!hasNodes && abandoned > 0) invariant.Note = $"no server runs; {abandoned} unfinished go on with the next start";
    }
}
