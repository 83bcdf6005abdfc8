using System.Collections.Concurrent;
using System.Threading.Channels;
using Agents.Domain.Runs;
using Agents.Host.Workers;
using Marten;
using Marten.Services;

namespace Agents.Host.Streaming;

/// <summary>
/// An alarm clock, nothing more: after each commit of this process, and of others as they announce theirs, wakes whoever follows the runs that were
/// written to. The log is the truth; who is woken reads it again, and a slow poll repairs what was never signalled.
/// </summary>
public sealed class Signals(InFlight inFlight) : DocumentSessionListenerBase
{
    readonly ConcurrentDictionary<Guid, ConcurrentDictionary<Channel<bool>, byte>> followers = new();
    readonly Channel<bool> queue = OneBell();
    readonly Channel<Signal> committed = Channel.CreateBounded<Signal>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Rings when a run was queued, or a slot may have become free.</summary>
    public ChannelReader<bool> Queue => queue.Reader;

    /// <summary>Follows one run. Subscribe before the first read, or what is written in between is missed.</summary>
    public Following Follow(Guid runId)
    {
        var bell = OneBell();
        followers.GetOrAdd(runId, _ => new())[bell] = 0;
        return new(this, runId, bell);
    }

    /// <summary>What this process has committed, for the other nodes. Bounded: what does not fit is left to their slow polls.</summary>
    public ChannelReader<Signal> Committed => committed.Reader;

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        var events = commit.GetEvents().ToList();
        var hasOutcome = events.Any(stored => stored.Data is ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown or ToolCallCompleted or ToolCallFailed);
        if (hasOutcome) FaultPoint.Hit("after-outcome-commit");

        foreach (var stored in events)
        {
            if (stored.Data is RunQueued) FaultPoint.Hit("http-accepted");
            inFlight.After(stored.StreamId, (RunEvent)stored.Data);
            var signal = new Signal(stored.StreamId, MovesTheQueue(stored.Data), Ends: stored.Data is RunCancelled or RunFailed);
            Announce(signal);
        }

        if (hasOutcome) FaultPoint.Hit("before-cascade-dispatch"); // this listener comes before Wolverine's, which sends the messages
        return Task.CompletedTask;
    }

    /// <summary>Wakes who is concerned, here and on the other nodes.</summary>
    public void Announce(Signal signal)
    {
        Wake(signal);
        committed.Writer.TryWrite(signal);
    }

    /// <summary>Another node has committed.</summary>
    public void Hear(Signal signal)
    {
        if (signal.Ends) inFlight.Abort(signal.RunId);
        Wake(signal);
    }

    /// <summary>A run may be had for a free slot.</summary>
    public void RingQueue() => queue.Writer.TryWrite(true);

    void Wake(Signal signal)
    {
        if (followers.TryGetValue(signal.RunId, out var bells))
            foreach (var bell in bells.Keys) bell.Writer.TryWrite(true);
        if (signal.MovesTheQueue) RingQueue();
    }

    static bool MovesTheQueue(object fact) => fact is RunQueued or RunPaused or RunResumed or RunParked or RunCompleted or RunFailed or RunCancelled;

    void Leave(Guid runId, Channel<bool> bell)
    {
        if (!followers.TryGetValue(runId, out var bells)) return;
        bells.TryRemove(bell, out _);
        if (bells.IsEmpty) followers.TryRemove(new(runId, bells));
    }

    /// <summary>Rings once however often it is struck before somebody listens.</summary>
    static Channel<bool> OneBell() => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A follower's bell; dispose it to leave.</summary>
    public sealed class Following(Signals signals, Guid runId, Channel<bool> bell) : IDisposable
    {
        /// <summary>Waits for the next signal, at most so long. Whether one came.</summary>
        public Task<bool> Wait(TimeSpan atMost, CancellationToken ct) => bell.Reader.Ring(atMost, ct);

        public void Dispose() => signals.Leave(runId, bell);
    }
}

/// <summary>A run was written to.</summary>
/// <param name="MovesTheQueue">It wants a slot or gives one back.</param>
/// <param name="Ends">It was cancelled or failed: its calls in flight are in vain.</param>
public readonly record struct Signal(Guid RunId, bool MovesTheQueue, bool Ends);

static class Bells
{
    /// <summary>Waits for the bell, at most so long. Whether it rang.</summary>
    public static async Task<bool> Ring(this ChannelReader<bool> bell, TimeSpan atMost, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(atMost);
        try
        {
            return await bell.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
