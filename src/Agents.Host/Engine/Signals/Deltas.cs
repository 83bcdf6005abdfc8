using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// The texts of model calls that are under way on this node, for readers who want to see the words come. Readers here share the text itself. For
/// readers of other nodes it is written to <c>agents.delta</c>: as it grows while one of them asks for it, else once a second. No model waits for
/// any of it.
/// </summary>
public sealed class Deltas : BackgroundService
{
    /// <summary>How long pieces are gathered before readers are woken.</summary>
    static readonly TimeSpan Coalescing = TimeSpan.FromMilliseconds(25);

    /// <summary>How often a text is written down that no other node asks for.</summary>
    static readonly TimeSpan Slowly = TimeSpan.FromSeconds(1);

    /// <summary>How often texts that a dead node left are looked for, and how old they must be.</summary>
    static readonly TimeSpan Sweeping = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<Guid, OpenReply> open = new();
    readonly ConcurrentQueue<OpenReply> ended = new();
    readonly Waker grown = new();
    readonly Waker toWrite = new();
    readonly DeltaTable table;
    readonly NodeSignals signals;
    readonly ILogger<Deltas> log;
    long swept = Stopwatch.GetTimestamp();

    public Deltas(NodeSignals signals, NpgsqlDataSource database, ILogger<Deltas> log)
    {
        (this.signals, this.log, table) = (signals, log, new(database));
        signals.Followed += runId =>
        {
            if (!open.TryGetValue(runId, out var reply)) return;
            reply.Ask();
            toWrite.Wake();
        };
    }

    /// <summary>A run's text has grown on this node. Be brief and do not throw.</summary>
    public event Action<Guid>? Grown;

    /// <summary>What the model is saying on this node for a run; null when nothing.</summary>
    public ReplyText? Of(Guid runId) => open.GetValueOrDefault(runId)?.Text;

    /// <summary>An attempt begins; dispose it when the model has ended.</summary>
    public OpenReply Begin(string tenant, Guid runId, int call, int attempt) => open[runId] = new(this, tenant, runId, new(call, attempt));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Rounds.Forever("Waking readers of what models say", WakeReaders, () => grown.Wait(stoppingToken), log, stoppingToken),
        Rounds.Forever("Writing down what models say", () => Write(stoppingToken), () => toWrite.Wait(Slowly, stoppingToken), log, stoppingToken));

    internal void HasGrown() => grown.Wake();

    /// <param name="isWritten">Whether something of it stands in the table, or is on its way there.</param>
    internal void End(OpenReply reply, bool isWritten)
    {
        open.TryRemove(new(reply.RunId, reply));
        if (!isWritten) return;
        ended.Enqueue(reply);
        toWrite.Wake();
    }

    async Task WakeReaders()
    {
        await Task.Delay(Coalescing);
        var isAsked = false;
        foreach (var (runId, reply) in open)
        {
            if (!reply.IsNews()) continue;
            Grown?.Invoke(runId);
            isAsked |= reply.IsAsked;
        }

        if (isAsked) toWrite.Wake();
    }

    async Task Write(CancellationToken ct)
    {
        var pieces = new List<(OpenReply Of, StreamedItem.Delta Piece)>();
        foreach (var (_, reply) in open)
            if ((reply.IsAsked || Stopwatch.GetElapsedTime(reply.WrittenAt) > Slowly) && reply.TryBeginWriting())
                for (var at = reply.Written; reply.Text.From(at) is { } piece; at += piece.Text.Length) pieces.Add((reply, piece));

        if (pieces.Count > 0) await Insert(pieces, ct);
        if (!ended.IsEmpty) await Delete(ct);
        if (Stopwatch.GetElapsedTime(swept) <= Sweeping) return;
        await table.Sweep(Sweeping, ct);
        swept = Stopwatch.GetTimestamp();
    }

    async Task Insert(List<(OpenReply Of, StreamedItem.Delta Piece)> pieces, CancellationToken ct)
    {
        await table.Insert(pieces, ct);
        foreach (var (reply, piece) in pieces) reply.WasWritten(piece.Offset + piece.Text.Length);
        foreach (var reply in pieces.Select(one => one.Of).Distinct())
            if (reply.IsAsked) signals.AnnounceElsewhere(new(reply.RunId, News.Text));
    }

    async Task Delete(CancellationToken ct)
    {
        var gone = new List<OpenReply>();
        while (ended.TryDequeue(out var reply)) gone.Add(reply);
        try
        {
            await table.Delete(gone, ct);
        }
        catch
        {
            foreach (var reply in gone) ended.Enqueue(reply); // the next round tries again
            throw;
        }
    }
}
