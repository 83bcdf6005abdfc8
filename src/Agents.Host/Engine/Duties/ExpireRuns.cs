using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Ends runs that took longer than their agent lets them, or than their caller wanted.</summary>
public sealed class ExpireRuns(RunsDue runs, Decisions decisions) : IWatchedDuty
{
    public const string Title = "expire runs";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(runs.OverTheirTime), run => new(run.Tenant, run.RunId), Expire);

    public Task Expire(OverdueRun run, CancellationToken ct) =>
        decisions.Decide(run.Tenant, run.RunId, (now, agent) => RunDecider.Decide(now, agent, new ExpireRun(run.Deadline)), ct);
}
