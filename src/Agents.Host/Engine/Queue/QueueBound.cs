using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>More runs wait than may.</summary>
/// <param name="Tenant">Null when all tenants together are over their bound.</param>
/// <param name="RunsPerSecond">How fast runs begin at present. Null when none began in the last minutes.</param>
public sealed record QueueFull(string? Tenant, long Waiting, long Most, double? RunsPerSecond, int RetryAfterSeconds)
{
    public string Text()
    {
        var whose = Tenant is null ? "" : $" of tenant {Tenant}";
        var rate = RunsPerSecond is { } perSecond ? FormattableString.Invariant($" About {perSecond:0.#} a second begin.") : "";
        return FormattableString.Invariant($"{Waiting:N0} runs{whose} wait for a slot; {Most:N0} may.{rate} Try again in {RetryAfterSeconds} s.");
    }
}

/// <summary>
/// Refuses runs when too many wait already. The queue is counted at most once a second, and counting never takes more than a twentieth of the time;
/// in between, what this node accepts is added. So the bound is kept to within what the other nodes accept, and the queue gives up, in that time.
/// </summary>
public sealed class QueueBound(NpgsqlDataSource database, WorkerOptions options) : IDisposable
{
    static readonly TimeSpan CountedEvery = TimeSpan.FromSeconds(1);

    /// <summary>A count may take this share of the time.</summary>
    const int ShareOfTime = 20;

    /// <summary>What is said when nothing has begun lately.</summary>
    const int UnknownSeconds = 30;

    const int MostSeconds = 300;

    /// <summary>The share of the pool's connections that requests for runs may hold while they want another.</summary>
    const int ShareOfPool = 3;

    readonly SemaphoreSlim turns = new(Math.Max(1, new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize / ShareOfPool));
    readonly SemaphoreSlim counting = new(1);
    volatile Count? last;

    /// <summary>
    /// A request for runs waits here, without a connection, until few enough others are under way: each of them holds a connection, perhaps while it
    /// waits for one with the same key, and may need a second. A hundred at once that hold all there are would wait for each other until they time
    /// out.
    /// </summary>
    /// <returns>To be disposed of when the request's transaction has ended.</returns>
    public async Task<IDisposable> Turn(CancellationToken ct)
    {
        await turns.WaitAsync(ct);
        return new Turns(turns);
    }

    /// <summary>Null when so many more runs of the tenant may be accepted; they are then counted.</summary>
    public async ValueTask<QueueFull?> Refusal(string tenant, int runs, CancellationToken ct)
    {
        if (options is { MaxQueued: 0, MaxQueuedPerTenant: 0 }) return null;

        var count = await Latest(ct);
        if (options.MaxQueued > 0 && count.All + runs > options.MaxQueued) return await Full(count, null, count.All, options.MaxQueued, runs, ct);
        if (options.MaxQueuedPerTenant > 0 && count.Of(tenant) + runs > options.MaxQueuedPerTenant)
            return await Full(count, tenant, count.Of(tenant), options.MaxQueuedPerTenant, runs, ct);

        count.Add(tenant, runs);
        return null;
    }

    public void Dispose() => counting.Dispose();

    sealed class Turns(SemaphoreSlim turns) : IDisposable
    {
        SemaphoreSlim? held = turns;

        public void Dispose() => Interlocked.Exchange(ref held, null)?.Release();
    }

    /// <summary>Room comes as fast as runs begin; a tenant's share of that is its share of the queue.</summary>
    async Task<QueueFull> Full(Count count, string? tenant, long waiting, int most, int runs, CancellationToken ct)
    {
        var rate = await count.RunsPerSecond(() => RunStarts.PerSecond(database, ct));
        var wait = rate is > 0 ? (waiting + runs - most) / (rate.Value * waiting / Math.Max(1, count.All)) : UnknownSeconds;
        return new(tenant, waiting, most, rate, (int)Math.Clamp(Math.Ceiling(wait), 1, MostSeconds));
    }

    async ValueTask<Count> Latest(CancellationToken ct)
    {
        if (last is { } known && (known.IsFresh() || counting.CurrentCount == 0)) return known; // another request is counting already

        await counting.WaitAsync(ct);
        try
        {
            if (last is { } fresh && fresh.IsFresh()) return fresh;
            return last = await CountQueue(ct);
        }
        finally
        {
            counting.Release();
        }
    }

    async Task<Count> CountQueue(CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var counted = await database.Query<Waiting>(
            "select tenant_id, count(*) as runs from agents.run_queue where state = 'waiting' group by tenant_id", null, ct);

        var tenants = new ConcurrentDictionary<string, long>(
            counted.Select(one => KeyValuePair.Create(one.TenantId, one.Runs)), StringComparer.Ordinal);
        return new(tenants, Stopwatch.GetElapsedTime(began));
    }

    readonly record struct Waiting(string TenantId, long Runs);

    /// <summary>The queue as it was counted, and what this node has accepted since.</summary>
    sealed class Count(ConcurrentDictionary<string, long> tenants, TimeSpan took)
    {
        readonly long at = Stopwatch.GetTimestamp();
        readonly TimeSpan fresh = took * ShareOfTime > CountedEvery ? took * ShareOfTime : CountedEvery;
        long all = tenants.Values.Sum();
        Task<double?>? rate;

        public long All => Interlocked.Read(ref all);

        public bool IsFresh() => Stopwatch.GetElapsedTime(at) < fresh;

        public long Of(string tenant) => tenants.GetValueOrDefault(tenant);

        public void Add(string tenant, int runs)
        {
            Interlocked.Add(ref all, runs);
            tenants.AddOrUpdate(tenant, runs, (_, before) => before + runs);
        }

        /// <summary>Measured once for each count.</summary>
        public Task<double?> RunsPerSecond(Func<Task<double?>> measure) => rate ??= measure();
    }
}
