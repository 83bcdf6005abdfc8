namespace Agents.Host.Audit;

/// <summary>I3: no fact is missing from the middle or the end of a stream, none stands twice.</summary>
static class Versions
{
    public static Invariant Invariant() => new("I3", "The versions of a stream have no gap, and its head is the last one.");

    public static IEnumerable<string> In(StoredRun run)
    {
        for (var at = 0; at < run.Facts.Count; at++)
        {
            if (run.Facts[at].Version == at + 1) continue;
            yield return $"{run} has {run.Facts[at]} where version {at + 1} should be";
            yield break;
        }

        if (run.Head != run.Facts.Count) yield return $"{run} has {run.Facts.Count} facts and its head is version {run.Head}";
    }

    /// <summary>Facts of streams that are not there.</summary>
    public static async Task Check(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        await foreach (var run in snapshot.Rows<RunRows>(
            """
            select e.tenant_id, e.stream_id as run_id, count(*) as rows from agents.mt_events e
            where (@tenant is null or e.tenant_id = @tenant) and e.type <> 'tombstone'
              and not exists (select from agents.mt_streams s where s.tenant_id = e.tenant_id and s.id = e.stream_id and s.version > 0)
            group by e.tenant_id, e.stream_id
            """, new { tenant }, ct))
            invariant.Violate($"{run} has {run.Rows} facts and no stream");
    }
}
