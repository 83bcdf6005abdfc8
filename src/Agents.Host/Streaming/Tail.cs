using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Streaming;

/// <summary>The newest facts of all runs, read once for all readers of <c>GET /stream</c> on this node, and only while there are any.</summary>
public sealed class Tail : BackgroundService
{
    internal const int PageSize = 500;

    /// <summary>Numbers before the newest from which a tail begins that has just got its first reader.</summary>
    const int Lookback = 1_000;

    static readonly TimeSpan Coalescing = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    readonly TailWindow window = new();
    readonly SettledNumber settled = new();
    readonly Waker waker = new();
    readonly NumberedFacts facts;
    readonly ILogger<Tail> log;

    public Tail(NumberedFacts facts, NodeSignals signals, ILogger<Tail> log)
    {
        (this.facts, this.log) = (facts, log);
        signals.Written += _ =>
        {
            if (window.Readers > 0) waker.Wake();
        };
    }

    /// <summary>Readers that have joined and not left.</summary>
    public int Readers => window.Readers;

    /// <summary>Counts a reader until it is disposed: as long as there are any, the log is read.</summary>
    internal IDisposable Join() => window.Join();

    /// <summary>Where a reader that has joined begins, if it wants what comes from now on.</summary>
    internal async Task<TailWindow.View> Begin(CancellationToken ct)
    {
        TailWindow.View view;
        while (!window.TryBegin(out view))
        {
            waker.Wake();
            await view.Changed.WaitAsync(ct);
        }

        return view;
    }

    /// <summary>What came since a position.</summary>
    internal TailWindow.View Since(long position) => window.Since(position);

    /// <summary>The facts of a tenant after a number, as they stand in the log, a page of them.</summary>
    /// <param name="from">The number that the reader came with: no fact sends it back further than that.</param>
    /// <param name="upTo">Up to here nothing can come any more; known before the log is read.</param>
    internal async Task<IReadOnlyList<TenantFact>> After(string tenant, long number, long from, long upTo, CancellationToken ct)
    {
        var found = await facts.After(tenant, number, PageSize, ct);
        return [.. found.Select(fact => new TenantFact(fact, Cursor: Math.Max(from, Math.Min(fact.Number, upTo))))];
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        return Rounds.Forever("Following all runs", Round, () => waker.Wait(Poll, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            if (window.EndIfUnread()) return;
            if (window.IsFilled) await Task.Delay(Coalescing, stoppingToken);
            else await Start(stoppingToken);
            while (await Read(stoppingToken) == PageSize) { }
        }
    }

    async Task Start(CancellationToken ct)
    {
        var number = Math.Max(0, await facts.LastNumber(ct) - Lookback);
        settled.Reset(number, await facts.NumbersAfter(number, ct));
        window.Begin(settled.Number);
    }

    /// <summary>How many facts were read, old ones included.</summary>
    async Task<int> Read(CancellationToken ct)
    {
        if (settled.NeedsMark) settled.SetMark(await facts.LastNumber(ct), Now);

        var newest = await facts.Newest(settled.Number, [.. settled.Known], PageSize, ct);
        var cursor = settled.Number;
        var fresh = newest.Facts.Where(fact => settled.Add(fact.Number)).Select(fact => new TenantFact(fact, cursor)).ToList();
        if (newest.Facts.Count < PageSize) settled.MoveOn(newest.Oldest, newest.Next, Now);
        window.Add(fresh, settled.Number);
        return newest.Facts.Count;
    }

    static TimeSpan Now => TimeSpan.FromMilliseconds(Environment.TickCount64);
}
