using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Forgets the rows of runs that have ended or stand still once no attempt of theirs is open. An attempt whose worker is gone is reported lost.
/// </summary>
public sealed class SettleRuns(RunsDue runs, IRunLog log, IRunQueue queue, INode node, InFlight inFlight, Redriving redriving) : IWatchedDuty
{
    public const string Title = "settle runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) => await round.SeeTo(await round.Ask(runs.Settling), Settle);

    public async Task Settle(FoundRun found, CancellationToken ct)
    {
        var workers = (await log.Checkpoint(found.Tenant, found.RunId, ct))?.WorkersOfOpenAttempts().ToList() ?? [];
        if (workers.Count == 0) await queue.Settled(found.Tenant, [found.RunId], ct);
        else if (await AnyIsLost(found.RunId, workers, ct)) await redriving.Redrive(found.Tenant, found.RunId, "left with an open attempt", ct);
    }

    async Task<bool> AnyIsLost(Guid runId, IReadOnlyCollection<string> workers, CancellationToken ct) =>
        (workers.Contains(node.Name) && !inFlight.IsPerforming(runId)) || (await node.Gone(workers, ct)).Count > 0;
}
