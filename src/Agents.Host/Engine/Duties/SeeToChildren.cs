using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Tells a parent again that its child has ended, and a child that its parent has: the first message may be lost.</summary>
public sealed class SeeToChildren(RunsDue runs, IRunLog log, Redriving redriving, WorkerOptions options) : IWatchedDuty
{
    public const string Title = "see to children";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.LeftChildren(options.StalledAfter, token)), SeeTo);

    public async Task SeeTo(FoundRun child, CancellationToken ct)
    {
        if (await log.Checkpoint(child.Tenant, child.RunId, ct) is not { ChildOf: { } parent } run) return;
        await redriving.Send(child.Tenant, [new(run.IsFinished() ? parent.Notice() : new EndChild(child.RunId, parent.Run), TimeSpan.Zero)]);
    }
}
