namespace Agents.Host.Audit;

/// <summary>I8: what is shown of a run happened, and is shown once.</summary>
static class TimelineRows
{
    public static Invariant Invariant() => new("I8", "The timeline shows only facts of the run, none twice.");

    public static IEnumerable<string> In(StoredRun run)
    {
        foreach (var twice in run.Timeline.GroupBy(row => row.Version).Where(group => group.Count() > 1))
            yield return $"{run} shows version {twice.Key} {twice.Count()} times";

        var facts = run.Facts.Select(fact => (fact.Version, fact.Type)).ToHashSet();
        foreach (var (version, type) in run.Timeline.Where(row => !facts.Contains(row)))
            yield return $"{run} shows {type} at version {version}, which is no such fact";
    }

    /// <summary>Rows of runs that are not there.</summary>
    public static async Task Check(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        await foreach (var run in snapshot.Rows<RunRows>(
            """
            select t.tenant_id, t.run_id, count(*) as rows from agents.timeline t
            where (@tenant is null or t.tenant_id = @tenant)
              and not exists (select from agents.mt_streams s where s.tenant_id = t.tenant_id and s.id = t.run_id and s.version > 0)
            group by t.tenant_id, t.run_id
            """, new { tenant }, ct))
            invariant.Violate($"{run} is not there and has a timeline of {run.Rows} rows");
    }
}
