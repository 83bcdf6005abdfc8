using System.Collections.Concurrent;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>
/// Reads for all readers of this node: each new fact, and each piece of text that comes from another node, is read once, however many follow the run.
/// Woken by signals; a slow look at all followed runs, one query, repairs signals that were lost.
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
    readonly ConcurrentDictionary<Guid, bool> written = new();
    readonly ConcurrentDictionary<Guid, bool> spoken = new();
    readonly Waker waker = new();
    readonly SemaphoreSlim ownReads = new(OwnReadsAtOnce);
    readonly FactLog log;
    readonly Deltas deltas;
    readonly NodeSignals signals;
    readonly NpgsqlDataSource database;
    readonly ILogger<RunHubs> logger;

    public RunHubs(FactLog log, Deltas deltas, NodeSignals signals, NpgsqlDataSource database, ILogger<RunHubs> logger)
    {
        (this.log, this.deltas, this.signals, this.database, this.logger) = (log, deltas, signals, database, logger);
        signals.Written += runId => Note(written, runId);
        signals.Spoken += runId => Note(spoken, runId);
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
            if (hub.TryEnter()) return hub;
            await Task.Yield();
        }
    }

    /// <summary>For a reader that is further behind than what is kept in memory.</summary>
    internal async Task<IReadOnlyList<StreamedItem.Fact>> Page(RunHub hub, long after, int limit, CancellationToken ct)
    {
        await ownReads.WaitAsync(ct);
        try
        {
            return await log.After(hub.Tenant, hub.RunId, after, limit, ct);
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
            var facts = await log.Latest(tenant, runId, PageSize, CancellationToken.None);
            if (facts.Count == 0) return null;

            var hub = new RunHub(tenant, runId, deltas);
            hub.Take(facts);
            hub = hubs.GetOrAdd(runId, hub);
            Note(written, runId); // what was written between the read and now
            Note(spoken, runId);
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

            foreach (var some in Taken(written, isPoll).Chunk(RunsAtOnce)) await ReadFacts(some, stoppingToken);
            foreach (var some in Taken(spoken, isPoll).Chunk(RunsAtOnce)) await ReadText(some, stoppingToken);
        }
    }

    List<RunHub> Taken(ConcurrentDictionary<Guid, bool> noted, bool all)
    {
        if (all)
        {
            noted.Clear();
            return [.. hubs.Values.Where(hub => hub.HasReaders)];
        }

        var taken = new List<RunHub>();
        foreach (var runId in noted.Keys)
            if (noted.TryRemove(runId, out _) && hubs.TryGetValue(runId, out var hub)) taken.Add(hub);
        return taken;
    }

    async Task ReadFacts(RunHub[] some, CancellationToken ct)
    {
        try
        {
            var found = await log.After([.. some.Select(hub => (hub.Tenant, hub.RunId, hub.Last))], PageSize, ct);
            foreach (var hub in some)
            {
                if (!found.TryGetValue(hub.RunId, out var facts)) continue;
                hub.Take(facts);
                if (facts.Count == PageSize) Note(written, hub.RunId);
                if (hub.SpokenElsewhere is not null) Note(spoken, hub.RunId);
            }
        }
        catch
        {
            foreach (var hub in some) written[hub.RunId] = true; // or it would wait for the next slow look
            throw;
        }
    }

    /// <summary>Reads what other nodes wrote down, and asks them to go on doing so.</summary>
    async Task ReadText(RunHub[] some, CancellationToken ct)
    {
        var wanted = some.Where(hub => hub.HasReaders).Select(hub => (Hub: hub, Of: hub.SpokenElsewhere)).Where(pair => pair.Of is not null).ToList();
        if (wanted.Count == 0) return;

        foreach (var (hub, _) in wanted) signals.AnnounceElsewhere(new(hub.RunId, News.Followed));
        await using var command = database.CreateCommand(
            """
            select d.run_id, d.call, d.attempt, d.begins_at, d.text from unnest($1, $2, $3, $4, $5) w(tenant_id, run_id, call, attempt, known)
            join agents.delta d on d.tenant_id = w.tenant_id and d.run_id = w.run_id and d.call = w.call and d.attempt = w.attempt
              and d.ends_at > w.known
            order by d.run_id, d.begins_at
            """);
        command.Parameters.Add(new() { Value = wanted.Select(pair => pair.Hub.Tenant).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(pair => pair.Hub.RunId).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(pair => pair.Of!.Value.Call).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(pair => pair.Of!.Value.Attempt).ToArray() });
        command.Parameters.Add(new() { Value = wanted.Select(pair => pair.Of!.Value.Known).ToArray() });
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            if (hubs.TryGetValue(rows.GetGuid(0), out var hub)) hub.Take(rows.GetInt32(1), rows.GetInt32(2), rows.GetInt32(3), rows.GetString(4));
    }

    void Note(ConcurrentDictionary<Guid, bool> noted, Guid runId)
    {
        if (!hubs.ContainsKey(runId)) return;
        noted[runId] = true;
        waker.Wake();
    }
}
