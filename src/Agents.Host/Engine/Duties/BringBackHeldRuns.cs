using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Sends a retry that was held back, when its time has come, of runs that kept their slot on this node for other work meanwhile.</summary>
public sealed class BringBackHeldRuns(RunsDue runs, INode node, Redriving redriving) : IWatchedDuty
{
    public const string Title = "bring back held runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.HeldBackUntilNow(node.Name, token)), BringBack);

    public Task BringBack(FoundRun run, CancellationToken ct) => redriving.Redrive(run.Tenant, run.RunId, "held back", ct);
}
