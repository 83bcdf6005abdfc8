using Agents.Domain.Runs;

namespace Agents.Host.Audit;

/// <summary>I1: what was accepted is there, and either ended, stands still, waits for a slot or holds one.</summary>
static class AcceptedRuns
{
    public static Invariant Invariant() => new("I1", "Every run that was accepted is there, and it has ended, stands still, or is in the queue.");

    public static IEnumerable<string> In(StoredRun run)
    {
        if (run.Facts is not [{ Happened: RunQueued }, ..]) yield return $"{run} does not begin with being queued";
        if (run.Folded is not { } folded) yield break;

        var expected = folded.Status switch { RunStatus.Queued => "waiting", RunStatus.Running => "running", _ => null };
        if (run.QueueState == expected) yield break;
        if (run.QueueState == "settling" && expected is null && folded.Status is not RunStatus.Completed)
            yield break; // until it is seen that nothing of it is open
        yield return $"{run} is {folded.Status.ToString().ToLowerInvariant()} and its row in the queue is {run.QueueState ?? "missing"}";
    }

    /// <summary>Rows of runs that have no facts.</summary>
    public static async Task Check(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        foreach (var table in new[] { "agents.run_summary", "agents.run_queue" })
            await foreach (var run in snapshot.Rows<RunRows>(
                $"""
                select t.tenant_id, t.run_id, 1 as rows from {table} t
                where (@tenant is null or t.tenant_id = @tenant)
                  and not exists (select from agents.mt_streams s where s.tenant_id = t.tenant_id and s.id = t.run_id and s.version > 0)
                """, new { tenant }, ct))
                invariant.Violate($"{run} is in {table} and has no facts");
    }
}
