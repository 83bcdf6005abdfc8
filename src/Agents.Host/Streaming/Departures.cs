using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>
/// Cancels runs whose readers asked for it (<c>on_disconnect=cancel</c>) when the last of them has left and none came back, to any node, within
/// <see cref="Grace"/>. Presence is a row per run and node, renewed while the node has readers of the run; a node that dies renews nothing.
/// </summary>
public sealed class Departures(
    NpgsqlDataSource database, Decisions decisions, Node node, ILogger<Departures> log) : BackgroundService
{
    /// <summary>How long a reader may be away.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>How often this node looks for readers that dead nodes left, while it has had none itself for a while.</summary>
    static readonly TimeSpan Seldom = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<(string Tenant, Guid RunId), Present> present = new();
    readonly Waker waker = new();

    /// <summary>Counts a reader until it is disposed.</summary>
    /// <param name="by">The caller in whose name the run is cancelled when the last reader has left.</param>
    public IDisposable Join(string tenant, Guid runId, Actor by)
    {
        while (true)
        {
            var readers = present.GetOrAdd((tenant, runId), _ => new());
            if (!readers.TryJoin(by)) continue;
            waker.Wake(); // a reader that leaves at once must have been seen
            return new Reader(readers);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var renewedSince = Stopwatch.GetTimestamp(); // since when rows have been renewed without a break
        var hadReaders = renewedSince;
        return Rounds.Forever(
            "Watching for readers that leave", Round,
            () => waker.Wait(Stopwatch.GetElapsedTime(hadReaders) < 2 * Grace ? Every : Seldom, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            if (!present.IsEmpty) hadReaders = Stopwatch.GetTimestamp();
            try
            {
                await Renew(stoppingToken);
            }
            catch
            {
                renewedSince = Stopwatch.GetTimestamp();
                throw;
            }

            // Just after a start, or when the database was away, other nodes have not renewed their rows yet, and clients not come back.
            if (Stopwatch.GetElapsedTime(renewedSince) < 2 * Grace) return;
            foreach (var left in await RunsLeft(stoppingToken))
                await decisions.Cancel(left.TenantId, left.RunId, new(left.By, left.ByKey), "The last reader left.", stoppingToken);
        }
    }

    async Task Renew(CancellationToken ct)
    {
        var rows = present.ToArray();
        if (rows.Length == 0) return;

        await database.Execute(
            """
            insert into agents.reader (tenant_id, run_id, node, by, by_key, seen_at)
            select p.tenant_id, p.run_id, @node, p.by, p.by_key, clock_timestamp()
            from unnest(@tenants, @run_ids, @bys, @by_keys) p(tenant_id, run_id, by, by_key)
            on conflict (tenant_id, run_id, node) do update set seen_at = excluded.seen_at, by = excluded.by, by_key = excluded.by_key
            """,
            new
            {
                node = node.Name,
                tenants = rows.Select(row => row.Key.Tenant).ToArray(),
                runIds = rows.Select(row => row.Key.RunId).ToArray(),
                bys = rows.Select(row => row.Value.By.Name).ToArray(),
                byKeys = rows.Select(row => row.Value.By.KeyId).ToArray(),
            }, ct);
        foreach (var row in rows)
            if (row.Value.TryClose()) present.TryRemove(row);
    }

    /// <summary>Runs whose readers have all been away for too long.</summary>
    Task<List<Left>> RunsLeft(CancellationToken ct) => database.Query<Left>(
        """
        with gone as (
          delete from agents.reader where seen_at < clock_timestamp() - @grace
          returning tenant_id, run_id, by, by_key)
        select g.tenant_id, g.run_id, max(g.by) as by, max(g.by_key) as by_key from gone g
        where not exists (
          select from agents.reader r
          where r.tenant_id = g.tenant_id and r.run_id = g.run_id and r.seen_at >= clock_timestamp() - @grace)
        group by g.tenant_id, g.run_id
        """, new { Grace }, ct);

    readonly record struct Left(string TenantId, Guid RunId, string By, string? ByKey);

    /// <summary>The readers of one run on this node.</summary>
    sealed class Present
    {
        readonly Lock gate = new();
        int count;
        bool isClosed;

        public Actor By { get; private set; } = Actor.System;

        public bool TryJoin(Actor by)
        {
            lock (gate)
            {
                if (isClosed) return false;
                count++;
                By = by;
                return true;
            }
        }

        public void Leave()
        {
            lock (gate) count--;
        }

        public bool TryClose()
        {
            lock (gate) return isClosed = count == 0;
        }
    }

    sealed class Reader(Present readers) : IDisposable
    {
        int hasLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref hasLeft, 1) == 0) readers.Leave();
        }
    }
}
