using System.Collections.Concurrent;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>
/// Reads for all readers of this node: each new fact, and each piece of text that comes from another node, is read once, however many follow the
/// run. Woken by signals; a slow look at all followed runs, one query, repairs signals that were lost.
/// </summary>
public sealed class RunHubs : BackgroundService
{
    /// <summary>Facts of one run read at once.</summary>
    const int PageSize = RunHub.MostFacts;

    /// <summary>Runs in one query.</summary>
    const int RunsAtOnce = 1_000;

    /// <summary>Readers that read the log by themselves at the same time; workers need connections too.</summary>
    const int OwnReadsAtOnce = 8;

    /// <summary>Repairs lost signals.</summary>
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<Guid, RunHub> hubs = new();
    readonly ConcurrentDictionary<(string Tenant, Guid RunId), Lazy<Task<RunHub?>>> starting = new();
    readonly ConcurrentDictionary<Guid, bool> withNewFacts = new();
    readonly ConcurrentDictionary<Guid, bool> withNewText = new();
    readonly Waker waker = new();
    readonly SemaphoreSlim ownReads = new(OwnReadsAtOnce);
    readonly FactLog facts;
    readonly RemoteTexts remoteTexts;
    readonly Deltas deltas;
    readonly ILogger<RunHubs> logger;

    public RunHubs(FactLog facts, Deltas deltas, NodeSignals signals, NpgsqlDataSource database, ILogger<RunHubs> logger)
    {
        (this.facts, this.deltas, this.logger, remoteTexts) = (facts, deltas, logger, new(signals, database));
        signals.Written += runId => Mark(withNewFacts, runId);
        signals.Spoken += runId => Mark(withNewText, runId);
        deltas.Grown += runId =>
        {
            if (hubs.TryGetValue(runId, out var hub)) hub.WakeReaders();
        };
    }

    /// <summary>Runs that are followed here, or were a moment ago.</summary>
    public int Count => hubs.Count;

    /// <summary>Whether the tenant has such a run.</summary>
    public async Task<bool> Knows(string tenant, Guid runId) => await Find(tenant, runId) is not null;

    /// <summary>Joins the readers of a run; <see cref="RunHub.Leave"/> when done. Null when the tenant has no such run.</summary>
    internal async Task<RunHub?> Join(string tenant, Guid runId)
    {
        while (true)
        {
            if (await Find(tenant, runId) is not { } hub) return null;
            if (hub.TryJoin()) return hub;
            await Task.Yield();
        }
    }

    /// <summary>For a reader that is further behind than what is kept in memory.</summary>
    internal async Task<IReadOnlyList<StreamedItem.Fact>> Page(RunHub hub, long after, int limit, CancellationToken ct)
    {
        await ownReads.WaitAsync(ct);
        try
        {
            return await facts.After(hub.Tenant, hub.RunId, after, limit, ct);
        }
        finally
        {
            ownReads.Release();
        }
    }

    async Task<RunHub?> Find(string tenant, Guid runId)
    {
        if (hubs.TryGetValue(runId, out var hub)) return hub.Tenant == tenant ? hub : null;
        var key = (tenant, runId);
        var start = starting.GetOrAdd(key, _ => new(() => Start(tenant, runId)));
        try
        {
            return await start.Value;
        }
        finally
        {
            starting.TryRemove(new(key, start));
        }
    }

    async Task<RunHub?> Start(string tenant, Guid runId)
    {
        await ownReads.WaitAsync();
        try
        {
            var latest = await facts.Latest(tenant, runId, PageSize, CancellationToken.None);
            if (latest.Count == 0) return null;

            var hub = new RunHub(tenant, runId, deltas);
            hub.Add(latest);
            hub = hubs.GetOrAdd(runId, hub);
            Mark(withNewFacts, runId); // what was written between the read and now
            Mark(withNewText, runId);
            return hub;
        }
        finally
        {
            ownReads.Release();
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var polled = Environment.TickCount64;
        return Rounds.Forever("Following runs", Round, () => waker.Wait(Poll, stoppingToken), logger, stoppingToken);

        async Task Round()
        {
            var isPoll = Environment.TickCount64 - polled >= Poll.TotalMilliseconds;
            if (isPoll)
            {
                polled = Environment.TickCount64;
                foreach (var hub in hubs.Values)
                    if (hub.Tidy()) hubs.TryRemove(new(hub.RunId, hub));
            }

            foreach (var some in Unmark(withNewFacts, isPoll).Chunk(RunsAtOnce)) await ReadFacts(some, stoppingToken);
            foreach (var some in Unmark(withNewText, isPoll).Chunk(RunsAtOnce)) await remoteTexts.Read(some, stoppingToken);
        }
    }

    /// <summary>The hubs of the runs that were marked, or all that have readers.</summary>
    List<RunHub> Unmark(ConcurrentDictionary<Guid, bool> marked, bool all)
    {
        if (all)
        {
            marked.Clear();
            return [.. hubs.Values.Where(hub => hub.HasReaders)];
        }

        var found = new List<RunHub>();
        foreach (var runId in marked.Keys)
            if (marked.TryRemove(runId, out _) && hubs.TryGetValue(runId, out var hub)) found.Add(hub);
        return found;
    }

    async Task ReadFacts(RunHub[] some, CancellationToken ct)
    {
        try
        {
            var found = await facts.After([.. some.Select(hub => (hub.Tenant, hub.RunId, hub.Last))], PageSize, ct);
            foreach (var hub in some)
            {
                if (!found.TryGetValue(hub.RunId, out var fresh)) continue;
                hub.Add(fresh);
                if (fresh.Count == PageSize) Mark(withNewFacts, hub.RunId);
                if (hub.NeedsRemoteText(out _)) Mark(withNewText, hub.RunId);
            }
        }
        catch
        {
            foreach (var hub in some) withNewFacts[hub.RunId] = true; // or it would wait for the next slow look
            throw;
        }
    }

    void Mark(ConcurrentDictionary<Guid, bool> marked, Guid runId)
    {
        if (!hubs.ContainsKey(runId)) return;
        marked[runId] = true;
        waker.Wake();
    }
}
