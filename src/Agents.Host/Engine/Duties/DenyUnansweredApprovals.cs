using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Denies the calls that no operator has approved or denied in time.</summary>
public sealed class DenyUnansweredApprovals(RunsDue runs, IRunQueue queue, Decisions decisions) : IWatchedDuty
{
    public const string Title = "deny unanswered approvals";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) => await round.SeeTo(await round.Ask(runs.NotApprovedInTime), Deny);

    /// <summary>The time is over then, whether anything was still waiting or not.</summary>
    public async Task Deny(FoundRun run, CancellationToken ct)
    {
        await decisions.Decide(run.Tenant, run.RunId, (now, agent) => RunDecider.Decide(now, agent, new ExpireApprovals()), ct);
        await queue.ApprovalsAreOver(run.Tenant, run.RunId, ct);
    }
}
