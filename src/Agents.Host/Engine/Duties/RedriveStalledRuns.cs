using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Sends the work of this node's runs again that have shown no new fact for a while and have nothing in flight: their messages are lost.
/// </summary>
public sealed class RedriveStalledRuns(
    RunsDue runs, INode node, IRunQueue queue, InFlight inFlight, Redriving redriving, ISignals signals, WorkerOptions options) : IWatchedDuty
{
    public const string Title = "redrive stalled runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.Stalled(node.Name, options.StalledAfter, token)), Redrive);

    /// <summary>A run of which this node cannot tell what it is owed keeps no slot.</summary>
    public async Task Redrive(FoundRun run, CancellationToken ct)
    {
        if (inFlight.IsPerforming(run.RunId)) return;
        try
        {
            await redriving.Redrive(run.Tenant, run.RunId, "stalled", ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && !Rounds.IsDatabaseAway(e))
        {
            if (await queue.GiveBackBegun(run.Tenant, run.RunId, node.Name, until: null)) signals.WakeAdmissionHere();
            throw;
        }
    }
}
