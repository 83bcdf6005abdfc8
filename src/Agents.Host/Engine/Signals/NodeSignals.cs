using System.Threading.Channels;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Log;
using Agents.Host.Platform;
using Marten;
using Marten.Services;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// An alarm clock, nothing more: after each commit of this process, and of others as they announce theirs, wakes the loops and readers that follow
/// the runs which were written to. The log is the truth; what is woken reads it again, and a slow poll repairs what was never signalled.
/// </summary>
public sealed class NodeSignals(InFlight inFlight, RecentRuns recent) : DocumentSessionListenerBase, ISignals
{
    readonly Channel<Signal> committed = Channel.CreateBounded<Signal>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Woken when a run was queued, or a slot may have become free.</summary>
    public Waker Queue { get; } = new();

    /// <summary>Woken when a budget was changed on this node.</summary>
    public Waker Budgets { get; } = new();

    /// <summary>Woken at the same time, for the duty that tells webhooks.</summary>
    public Waker Alerts { get; } = new();

    /// <summary>Woken when a schedule was changed, here or on another node.</summary>
    public Waker Schedules { get; } = new();

    /// <summary>Woken when a wait began on this node, or a run that waits was resumed on it.</summary>
    public Waker Waits { get; } = new();

    public void SchedulesChanged() => Announce(new(Guid.Empty, News.Schedules));

    public void BudgetChanged()
    {
        Budgets.Wake();
        Alerts.Wake();
    }

    /// <summary>A run was written to, here or on another node. Be brief and do not throw.</summary>
    public event Action<Guid>? Written;

    /// <summary>Another node has written down more of what a model says for a run.</summary>
    public event Action<Guid>? Spoken;

    /// <summary>Readers of another node want to see what a model says for a run.</summary>
    public event Action<Guid>? Followed;

    /// <summary>
    /// Another node says that a run ended which has something in flight here. Any user of the database can say so: the log is asked before it is
    /// aborted.
    /// </summary>
    public event Action? MayHaveEnded;

    /// <summary>What this process has committed, for the other nodes. Bounded: what does not fit is left to their slow polls.</summary>
    public ChannelReader<Signal> Committed => committed.Reader;

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        var events = commit.GetEvents().ToList();
        var hasOutcome = events.Any(stored => stored.Data
            is ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown or ToolCallCompleted or ToolCallFailed);
        if (hasOutcome) FaultPoint.Hit("after-outcome-commit");

        foreach (var stored in events)
        {
            if (stored.Data is RunQueued) FaultPoint.Hit("http-accepted");
            inFlight.After(stored.StreamId, (RunEvent)stored.Data);
            var signal = new Signal(stored.StreamId, MovesTheQueue(stored.Data), Ends: stored.Data is RunCancelled or RunFailed);
            Announce(signal);
            if (stored.Data is WaitStarted or RunResumed) Waits.Wake();
        }

        if (hasOutcome) FaultPoint.Hit("before-cascade-dispatch"); // this listener comes before Wolverine's, which sends the messages
        return Task.CompletedTask;
    }

    /// <summary>Wakes what is concerned, here and on the other nodes.</summary>
    public void Announce(Signal signal)
    {
        Wake(signal);
        AnnounceElsewhere(signal);
    }

    /// <summary>Wakes what is concerned on the other nodes alone.</summary>
    public void AnnounceElsewhere(Signal signal) => committed.Writer.TryWrite(signal);

    /// <summary>Wakes what is concerned here by the announcement of another node.</summary>
    public void Receive(Signal signal)
    {
        switch (signal.News)
        {
            case News.Text: Spoken?.Invoke(signal.RunId); break;
            case News.Followed: Followed?.Invoke(signal.RunId); break;
            case News.Schedules: Wake(signal); break;
            default:
                recent.Forget(signal.RunId);
                if (signal.Ends && inFlight.IsPerforming(signal.RunId)) MayHaveEnded?.Invoke();
                Wake(signal);
                break;
        }
    }

    /// <summary>A run may be had for a free slot of this node.</summary>
    public void WakeAdmissionHere() => Queue.Wake();

    /// <summary>Something was changed that decides which run is given a slot: the admission of every node looks again.</summary>
    public void WakeAdmissionEverywhere() => Announce(new(Guid.Empty, MovesTheQueue: true, Ends: false));

    void Wake(Signal signal)
    {
        if (signal.News is News.Schedules)
        {
            Schedules.Wake();
            return;
        }

        Written?.Invoke(signal.RunId);
        if (signal.MovesTheQueue) WakeAdmissionHere();
    }

    static bool MovesTheQueue(object fact) => fact switch
    {
        RunQueued or RunPaused or RunResumed or RunParked or RunCompleted or RunFailed or RunCancelled => true,
        ToolCallRequested { NeedsApproval: true } or ToolCallApproved or ToolCallDenied or ToolCallResolved => true,
        ChildRunStarted or ToolCallCompleted { ChildUsd: not null } or ToolCallFailed { ChildUsd: not null } => true,
        WaitStarted or WaitEnded => true,
        ModelCallScheduled { Delay: var delay } => delay > SlotUse.LongestHeld,
        ToolCallScheduled { Delay: var delay } => delay > SlotUse.LongestHeld,
        _ => false,
    };
}
