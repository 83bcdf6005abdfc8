using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Queue;

/// <summary>Begins, or goes on with, a run that this node has just given a slot.</summary>
public sealed class Beginning(INode node, IRunQueue queue, Decisions decisions, Redriving redriving, ISignals signals, ILogger<Beginning> log)
{
    /// <summary>
    /// Runs that did not begin here, of which the other nodes were told. Announced once per run: otherwise nodes that all fail to start it would pass it
    /// around in a tight loop.
    /// </summary>
    readonly Latest givenBack = new();

    public async Task Begin(string tenant, Guid runId, bool hasBegun, CancellationToken ct)
    {
        try
        {
            if (hasBegun) await redriving.Redrive(tenant, runId, "taken up", ct);
            else await Start(tenant, runId, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogWarning(e, "Run {Run} has a slot and could not go on; the watchdog sees to it", runId);
        }
        catch (OperationCanceledException)
        {
            // The node stops; the node that has the run next begins it.
        }
    }

    /// <summary>If it does not begin, its slot is given back at once, and if this node cannot do that, by the watchdogs.</summary>
    async Task Start(string tenant, Guid runId, CancellationToken ct)
    {
        try
        {
            var decision = await decisions.Decide(tenant, runId, (run, agent) =>
            {
                FaultPoint.Hit("before-start-commit");
                return RunDecider.Decide(run, agent, new StartRun(node.Name));
            }, ct);
            if (decision is { Events.Count: > 0 }) FaultPoint.Hit("after-start-commit");
        }
        catch
        {
            if (await queue.GiveBackUnbegun(tenant, runId, node.Name) && givenBack.TryAdd(runId))
                signals.AnnounceElsewhere(new(runId, MovesTheQueue: true, Ends: false));
            throw;
        }
    }

    /// <summary>Remembers the last few runs.</summary>
    sealed class Latest
    {
        const int Most = 1000;

        readonly HashSet<Guid> runs = [];
        readonly Queue<Guid> order = new();

        /// <returns>False when it is remembered.</returns>
        public bool TryAdd(Guid run)
        {
            lock (runs)
            {
                if (!runs.Add(run)) return false;
                order.Enqueue(run);
                if (order.Count > Most) runs.Remove(order.Dequeue());
                return true;
            }
        }
    }
}
