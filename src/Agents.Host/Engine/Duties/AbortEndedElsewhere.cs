using Agents.Host.Engine.Attempts;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Aborts the calls in flight here of runs that were ended on another node, which cannot reach them. It asks the log, when that node announces it and
/// now and then: an announcement can be lost, or made up by another user of the database.
/// </summary>
public sealed class AbortEndedElsewhere(RunsDue runs, InFlight inFlight) : IWatchedDuty
{
    public const string Title = "abort runs ended elsewhere";

    public string Name => Title;

    public Waker Due { get; } = new();

    public bool MayBeDueHere => inFlight.Runs().Count > 0;

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        if (inFlight.Runs() is not { Count: > 0 } here) return;
        await round.SeeTo(await round.Ask(token => runs.Ended(here, token)), Abort);
    }

    public Task Abort(FoundRun run, CancellationToken ct)
    {
        inFlight.Abort(run.RunId);
        return Task.CompletedTask;
    }
}
