using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Signals;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Ends the waits whose time has come, by the database's clock. Each node sleeps until the next time that it knows of, and is woken when one begins
/// on it; the watchdog wakes it for the waits of other nodes.
/// </summary>
public sealed class EndWaits(RunsDue runs, Decisions decisions, NodeSignals signals) : IDuty
{
    public const string Title = "end waits";

    /// <summary>How often it looks when it knows of no time that comes earlier, should the watchdog have failed.</summary>
    static readonly TimeSpan Poll = TimeSpan.FromMinutes(1);

    /// <summary>How soon it looks again when it has just seen to waits: there may be more than one round takes, or one may have failed.</summary>
    static readonly TimeSpan Again = TimeSpan.FromMilliseconds(500);

    /// <summary>The least time between two rounds.</summary>
    static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(20);

    TimeSpan pause = Poll;

    public string Name => Title;

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        pause = Poll;
        var (over, nextIn) = await round.Ask(runs.WaitsOver);
        await round.SeeTo(over, wait => new(wait.Tenant, wait.RunId), End);
        if (over.Count > 0) pause = Again;
        if (nextIn < pause) pause = nextIn.Value > Shortest ? nextIn.Value : Shortest;
    }

    public Task Wait(CancellationToken ct) => signals.Waits.Wait(pause, ct);

    public Task End(DueWait over, CancellationToken ct) =>
        decisions.Decide(over.Tenant, over.RunId, (now, agent) => RunDecider.Decide(now, agent, new EndWait(over.Wait)), ct);
}
