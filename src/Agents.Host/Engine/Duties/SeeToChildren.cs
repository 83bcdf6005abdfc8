using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Tells a parent again that its child has ended, a child that its parent has, and a run that a fork which draws on its budget has: the first message may
/// be lost.
/// </summary>
public sealed class SeeToChildren(RunsDue runs, IRunLog log, Redriving redriving, WorkerOptions options) : IWatchedDuty
{
    public const string Title = "see to children";

    public string Name => Title;

    public Waker Due { get; } = new();

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(await round.Ask(token => runs.LeftOfFamilies(options.StalledAfter, token)), SeeTo);

    /// <param name="relative">The child, or the fork.</param>
    public async Task SeeTo(FoundRun relative, CancellationToken ct)
    {
        if (await log.Checkpoint(relative.Tenant, relative.RunId, ct) is { } run && await MessageOf(relative.Tenant, run, ct) is { } message)
            await redriving.Send(relative.Tenant, [new(message, TimeSpan.Zero)]);
    }

    async Task<object?> MessageOf(string tenant, Run run, CancellationToken ct) => run switch
    {
        { ChildOf: { } parent } when run.IsFinished() => await Awaits(tenant, parent, ct) ? parent.Notice() : null,
        { ChildOf: { } parent } => new EndChild(run.Id, parent.Run),
        { ForkedFrom.Root: { } root } when run.IsFinished() => new SettleFork(root, run.Id),
        _ => null,
    };

    /// <summary>A parent that waits for one child may have heard of all its others.</summary>
    async Task<bool> Awaits(string tenant, ChildOf child, CancellationToken ct) =>
        await log.Checkpoint(tenant, child.Run, ct) is { } parent
        && parent.ToolCalls.GetValueOrDefault(child.ToolCallId) is { Status: ToolCallStatus.Started } call && call.Attempt == child.Attempt;
}
