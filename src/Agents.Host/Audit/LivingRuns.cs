namespace Agents.Host.Audit;

/// <summary>I13: no run is left to a node that is gone.</summary>
static class LivingRuns
{
    public static Invariant Invariant() => new("I13", "No running run has been without a new fact for 60 s while its node is gone.");

    const string Abandoned =
        """
        select q.tenant_id, q.run_id, q.node, extract(epoch from clock_timestamp() - s.timestamp)::float8 as seconds
        from agents.run_queue q join agents.mt_streams s on s.tenant_id = q.tenant_id and s.id = q.run_id
        where q.state = 'running' and (@tenant is null or q.tenant_id = @tenant) and s.timestamp < clock_timestamp() - interval '60 s'
          and q.waits_for is null and (q.not_before is null or q.not_before < clock_timestamp() - interval '60 s')
          and (q.node is not null or not exists (select from agents.admission_pause) and not exists (select from agents.admission_limit)
            and not exists (select from agents.run_queue h where h.node is not null and h.redriven_at > clock_timestamp() - interval '60 s'))
          and (q.node is null or not agents.lives(q.node))
        """;

    /// <summary>Where no server runs, nothing can go on, and nothing is amiss.</summary>
    public static Task<bool> HasNodes(Snapshot snapshot, CancellationToken ct) => snapshot.Value<bool>(
        "select exists (select from wolverine.wolverine_nodes where health_check > clock_timestamp() - interval '60 s')", null, ct);

    public static async Task Check(Invariant invariant, Snapshot snapshot, bool hasNodes, string? tenant, CancellationToken ct)
    {
        invariant.Count(await snapshot.Value<long>(
            "select count(*) from agents.run_queue where state = 'running' and (@tenant is null or tenant_id = @tenant)", new { tenant }, ct));
        var abandoned = 0;
        await foreach (var run in snapshot.Rows<AbandonedRun>(Abandoned, new { tenant }, ct))
        {
            abandoned++;
            if (hasNodes)
                invariant.Violate($"{new StoredRun(run.TenantId, run.RunId, 0)} has had no new fact for {run.Seconds:0} s, "
                    + $"and {(run.Node is null ? "no node has it" : $"{run.Node} is gone")}");
        }

        if (!hasNodes && abandoned > 0) invariant.Note = $"no server runs; {abandoned} unfinished go on with the next start";
    }

    sealed record AbandonedRun(string TenantId, Guid RunId, string? Node, double Seconds);
}
