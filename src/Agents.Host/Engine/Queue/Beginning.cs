using System.Collections.Concurrent;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// Begins, or goes on with, a run that this node has just given a slot. A run with which it cannot do so gives its slot back and is set aside, for longer
/// each time: otherwise the nodes that cannot begin it would take it from one another without a pause, before runs that they can begin.
/// </summary>
public sealed class Beginning(
    INode node, IRunQueue queue, Decisions decisions, Redriving redriving, InFlight inFlight, ISetAside setAside, ISignals signals, ILogger<Beginning> log)
{
    /// <summary>As it stands in <c>agents.set_aside</c>.</summary>
    public const string Title = "begin runs";

    /// <summary>Runs that failed here and are not tried again before the other nodes could have them. That is forgotten when they are too many.</summary>
    readonly ConcurrentDictionary<Guid, bool> failedHere = [];

    const int MostRemembered = 1_000;

    public async Task Begin(string tenant, Guid runId, bool hasBegun, CancellationToken ct)
    {
        try
        {
            if (failedHere.TryRemove(runId, out _) && await PassOn(tenant, runId, hasBegun)) return;

            if (hasBegun) await redriving.Redrive(tenant, runId, "taken up", ct);
            else await Start(tenant, runId, ct);
            await setAside.Clear(Title, new(tenant, runId), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogWarning(e, "Run {Run} has a slot and could not go on; it gives the slot back", runId);
            await SetAside(tenant, runId, hasBegun, e, ct);
        }
        catch (OperationCanceledException)
        {
            // The node stops; the node that has the run next begins it.
        }
    }

    /// <summary>
    /// Leaves a run that failed here last time to the other nodes: what keeps this one from it may not keep them. Once: if none takes it before this node
    /// looks again, it is tried here.
    /// </summary>
    async Task<bool> PassOn(string tenant, Guid runId, bool hasBegun)
    {
        if (!await GiveBack(tenant, runId, hasBegun, until: null)) return false;

        signals.AnnounceElsewhere(new(runId, MovesTheQueue: true, Ends: false));
        return true;
    }

    /// <returns>False when the run has moved on, or another node has it.</returns>
    Task<bool> GiveBack(string tenant, Guid runId, bool hasBegun, DateTimeOffset? until) => hasBegun
        ? queue.GiveBackBegun(tenant, runId, node.Name, until)
        : queue.GiveBackUnbegun(tenant, runId, node.Name, until);

    async Task Start(string tenant, Guid runId, CancellationToken ct)
    {
        var decision = await decisions.Decide(tenant, runId, (run, agent) =>
        {
            FaultPoint.Hit("before-start-commit");
            return RunDecider.Decide(run, agent, new StartRun(node.Name));
        }, ct);
        if (decision is { Events.Count: > 0 }) FaultPoint.Hit("after-start-commit");
    }

    /// <summary>If this node cannot do that either, because the database is away, a duty gives the slot back when it is there again.</summary>
    async Task SetAside(string tenant, Guid runId, bool hasBegun, Exception failure, CancellationToken ct)
    {
        try
        {
            if (hasBegun && inFlight.IsPerforming(runId)) return; // what it does here goes on, and it needs the slot

            var (_, until) = await setAside.Add(Title, new(tenant, runId), failure, ct);
            var isGivenBack = await GiveBack(tenant, runId, hasBegun, until);
            if (failedHere.Count >= MostRemembered) failedHere.Clear();
            failedHere[runId] = true;
            if (isGivenBack) signals.Announce(new(runId, MovesTheQueue: true, Ends: false));
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogWarning("The slot of run {Run} is given back later: {Reason}", runId, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The node stops; its runs are set free.
        }
    }
}
