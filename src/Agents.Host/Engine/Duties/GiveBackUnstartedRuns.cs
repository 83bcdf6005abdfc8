using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Gives back the slots of runs that this node admitted and could neither begin nor give back then.</summary>
public sealed class GiveBackUnstartedRuns(RunsDue runs, IRunQueue queue, INode node, ISignals signals, WorkerOptions options) : IWatchedDuty
{
    public const string Title = "give back unstarted runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.NeverBegun(node.Name, options.StalledAfter, token)), GiveBack);

    public async Task GiveBack(FoundRun run, CancellationToken ct)
    {
        if (await queue.GiveBackUnbegun(run.Tenant, run.RunId, node.Name, until: null)) signals.WakeAdmissionHere();
    }
}
