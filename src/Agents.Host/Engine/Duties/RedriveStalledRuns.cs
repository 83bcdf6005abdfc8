using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Sends the work of this node's runs again that have shown no new fact for a while and have nothing in flight: their messages are lost.
/// </summary>
public sealed class RedriveStalledRuns(RunsDue runs, INode node, InFlight inFlight, Redriving redriving, WorkerOptions options) : IWatchedDuty
{
    public const string Title = "redrive stalled runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.Stalled(node.Name, options.StalledAfter, token)), Redrive);

    public Task Redrive(FoundRun run, CancellationToken ct) =>
        inFlight.IsPerforming(run.RunId) ? Task.CompletedTask : redriving.Redrive(run.Tenant, run.RunId, "stalled", ct);
}
