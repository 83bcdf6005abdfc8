using Agents.Domain.Runs;
using Agents.Host.Engine.Duties;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// What a node finds to look after in the queue, as the questions of its duties ask for it; what is done with it is the engine's own.
/// </summary>
sealed class Lookouts(World world, SimulatedNode node)
{
    const int Every = 2 * World.TicksPerSecond;
    const int SettlesEvery = 5 * World.TicksPerSecond;

    static readonly int StalledAfter = SimulatedClock.In(SimulatedEngine.Workers.StalledAfter);

    int nextAt;

    public bool IsDue()
    {
        if (nextAt > world.Now || world.Mutant is Mutant.NoWatchdog) return false;
        foreach (var log in world.Database.Runs)
            if (log.Row is not null || world.IsLeft(log)) return true;
        return world.Budget.HasWaiting || world.HeldForks(StalledAfter).Count > 0;
    }

    public bool HasRuns()
    {
        foreach (var log in world.Database.Runs)
            if (log.Row is { State: not SlotState.Settling } row && row.Node == node.Process.Name) return true;
        return false;
    }

    public void Round()
    {
        nextAt = world.Now + Every;
        var process = node.Process;
        var (engine, now) = (process.Engine, world.Now);
        var others = new HashSet<string>();
        foreach (var log in world.Database.Runs)
        {
            if (log.Row is not { } row) continue;
            if (row is { State: not SlotState.Settling, Node: { } other } && other != process.Name) others.Add(other);
            if (row.Node == process.Name) LookAfterOwn(process, log, row);
            if (row.State is SlotState.Settling && row.RedrivenAt < now - SettlesEvery)
            {
                row.RedrivenAt = now;
                process.Begin(() => engine.Duties.Settling.Settle(Found(log.Id), default));
            }

            if (row.State is not SlotState.Settling && row.DeadlineAt < now) process.Begin(() => engine.Duties.Overdue.Expire(new(World.Tenant, log.Id, null), default));
            if (row.State is SlotState.Running && row.ApproveBy < now && world.Mutant is not Mutant.ApprovalsNeverExpire)
                process.Begin(() => engine.Duties.Unapproved.Deny(Found(log.Id), default));
            if (row.State is SlotState.Running && row.WakeAt <= now) EndWait(process, log);
        }

        if (others.Count > 0 && world.Mutant is not Mutant.OrphansNotSetFree) process.Begin(() => SetFree(process, others));
        foreach (var unreported in engine.InFlight.Unreported(SimulatedEngine.Workers.StalledAfter))
            if (world.Mutant is not Mutant.FailedCommitNotRetried) process.Begin(() => engine.Duties.Unreported.Report(unreported, default));
        foreach (var runId in engine.InFlight.Runs())
            if (world.Database.Find(runId)?.Run.Status is RunStatus.Cancelled or RunStatus.Failed) process.Begin(() => engine.Duties.EndedElsewhere.Abort(Found(runId), default));
        foreach (var child in LeftChildren()) process.Begin(() => engine.Duties.LeftChildren.SeeTo(Found(child), default));
        foreach (var fork in world.HeldForks(StalledAfter)) process.Begin(() => engine.Duties.LeftChildren.SeeTo(Found(fork), default));
        foreach (var waiting in world.Budget.Fitting()) process.Begin(() => engine.BudgetWaits.GoOn(World.Tenant, waiting, default));
    }

    /// <summary>The question gives the wait whose time has come; it may be over when the duty sees to it.</summary>
    void EndWait(SimulatedProcess process, EventLog log)
    {
        var (engine, over) = (process.Engine, log.Run.Waits);
        if (world.Mutant is Mutant.LaterWaitEnded)
            process.Begin(() => engine.Decisions.Decide(
                World.Tenant, log.Id, (run, agent) => RunDecider.Decide(run, agent, new EndWait(run.Waits)), default));
        else if (world.Mutant is not Mutant.WaitsNeverEnd)
            process.Begin(() => engine.Duties.Waits.End(new(World.Tenant, log.Id, over), default));
    }

    void LookAfterOwn(SimulatedProcess process, EventLog log, QueueRow row)
    {
        var (engine, now) = (process.Engine, world.Now);
        if (row.State is SlotState.Running && row.NotBefore <= now && row.RedrivenAt < row.NotBefore)
        {
            row.RedrivenAt = now;
            process.Begin(() => engine.Duties.HeldBack.BringBack(Found(log.Id), default));
        }

        if (row.State is SlotState.Waiting && row.RedrivenAt < now - StalledAfter)
            process.Begin(() => engine.Duties.Unstarted.GiveBack(Found(log.Id), default));
        if (row.State is not SlotState.Running || row.RedrivenAt >= now - StalledAfter || log.LastAt >= now - StalledAfter) return;
        if (world.Mutant is Mutant.FailedCommitNotRetried) return;

        row.RedrivenAt = now;
        process.Begin(() => engine.Duties.Stalled.Redrive(Found(log.Id), default));
    }

    static async Task SetFree(SimulatedProcess process, IReadOnlyCollection<string> nodes)
    {
        foreach (var gone in await process.Engine.Node.Gone(nodes, default)) await process.Engine.Duties.DeadNodes.SetFree(gone, default);
    }

    static FoundRun Found(Guid runId) => new(World.Tenant, runId);

    /// <summary>Those of parents that wait are all told of again, and so are those whose parent has ended.</summary>
    List<Guid> LeftChildren()
    {
        var left = new List<Guid>();
        foreach (var parent in world.Database.Runs)
        {
            if (parent.Run.Children == 0) continue;
            var isWaiting = parent.Row is { WaitsFor: SlotWait.Child } row && row.RedrivenAt < world.Now - StalledAfter && world.Mutant is not Mutant.ParentNeverTold;
            var hasEnded = parent.Run.Status is RunStatus.Failed or RunStatus.Cancelled && parent.LastAt < world.Now - StalledAfter;
            if (isWaiting) parent.Row!.RedrivenAt = world.Now;
            if (!isWaiting && !hasEnded) continue;
            foreach (var child in world.Database.Runs)
                if (child.Run.ChildOf?.Run == parent.Id && (child.Run.IsFinished() ? isWaiting : hasEnded)) left.Add(child.Id);
        }

        return left;
    }
}
