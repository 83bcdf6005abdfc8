using Agents.Domain.Runs;
using Agents.Host.Log;
using Marten;

namespace Agents.Host.Audit;

/// <summary>Reads single runs as they stood at the moment of a snapshot. For what one run takes from others: a fork's history, a thread.</summary>
sealed class SnapshotLog(Snapshot snapshot, ISerializer json) : IRunLog
{
    /// <summary>Null when there is no such run, and when its facts make none.</summary>
    public async Task<LoadedRun?> Load(string tenant, Guid runId, CancellationToken ct, long? version = null)
    {
        var run = new StoredRun(tenant, runId, 0);
        var rows = snapshot.Rows<FactRow>(
            """
            select version, type, timestamp, data from agents.mt_events
            where tenant_id = @tenant and stream_id = @run_id and (@version is null or version <= @version)
            order by version
            """, new { tenant, runId, version }, ct);
        await foreach (var row in rows) run.Add(StoredFact.Of(row.Version, row.Type, row.Timestamp, row.Data, json));
        return run is { Folded: { } folded, Facts.Count: > 0 }
            ? new(folded, [.. run.Facts.Select(fact => new LoggedFact(fact.Happened!, fact.At))])
            : null;
    }

    public async Task<IReadOnlyList<RunEvent>> Since(string tenant, Guid runId, long version, CancellationToken ct) =>
        await Load(tenant, runId, ct) is { } run ? [.. run.Facts.Skip((int)version).Select(fact => fact.Happened)] : [];

    public async Task<IReadOnlyList<Run>> Checkpoints(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        var found = new List<Run>();
        foreach (var id in runs)
            if (await Load(tenant, id, ct) is { } run) found.Add(run.Run);
        return found;
    }

    public Task<IReadOnlyList<EarlierMessage>> SaidBefore(string tenant, RunQueued queued, CancellationToken ct) =>
        Threads.Before(snapshot.Connection, tenant, queued, ct);

    sealed record FactRow(long Version, string Type, DateTimeOffset Timestamp, byte[] Data);
}
