using Agents.Domain.Runs;
using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Log;

/// <summary>Reads runs from Marten's streams and their checkpoints.</summary>
public sealed class RunLog(IDocumentStore store, Threads threads) : IRunLog
{
    public async Task<LoadedRun?> Load(string tenant, Guid runId, CancellationToken ct, long? version = null)
    {
        await using var session = store.QuerySession(tenant);
        return await Load(session, runId, version, ct);
    }

    public async Task<IReadOnlyList<RunEvent>> Since(string tenant, Guid runId, long version, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, fromVersion: version + 1, token: ct);
        return [.. stored.Select(fact => (RunEvent)fact.Data)];
    }

    public async Task<IReadOnlyList<Run>> Checkpoints(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        return await Checkpoints(session, runs, ct);
    }

    public Task<IReadOnlyList<EarlierMessage>> SaidBefore(string tenant, RunQueued queued, CancellationToken ct) =>
        threads.Before(tenant, queued, ct);

    /// <summary>Locks a run until the session's transaction ends. The version of its last fact; null when the tenant has no such run.</summary>
    public static async Task<long?> Lock(IDocumentSession session, Guid runId, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        return await session.First<long?>(
            "select version from agents.mt_streams where tenant_id = @tenant and id = @run_id for update", new { tenant = session.TenantId, runId }, ct);
    }

    /// <summary>The same in a session that is open already.</summary>
    public static async Task<LoadedRun?> Load(IQuerySession session, Guid runId, long? version, CancellationToken ct)
    {
        var stored = await session.Events.FetchStreamAsync(runId, version: version ?? 0, token: ct);
        return LoadedRun.Of(runId, [.. stored.Select(fact => new LoggedFact((RunEvent)fact.Data, fact.Timestamp))]);
    }

    /// <summary>The same in a session that is open already.</summary>
    public static async Task<IReadOnlyList<Run>> Checkpoints(IQuerySession session, IReadOnlyCollection<Guid> runs, CancellationToken ct) =>
        runs.Count == 1
            ? await session.LoadAsync<Run>(runs.First(), ct) is { } run ? [run] : []
            : await session.LoadManyAsync<Run>(ct, [.. runs]);
}
