using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// A node's watchdog: takes over the run of a node that is gone, sends the work of a stalled run again, ends one that took too long.
/// It looks after a run that has ended or stands still, too, until what its workers have begun has an outcome.
/// </summary>
static class Watching
{
    const int StalledAfter = 15 * World.TicksPerSecond;

    /// <summary>Whether a round has anything to look at; the node that has the run, and whether it is gone, is judged in the round.</summary>
    public static bool IsNeeded(World world, SimulatedNode node) =>
        world.Log.Row is { } row
        && (row.DeadlineAt < world.Now || (row.Node is null ? IsHomeless(world, row) : row.Node != node.Name || IsStalled(world, node) || IsHeldBack(world, node)));

    public static IEnumerator<int> Round(World world, SimulatedNode node)
    {
        if (world.Log.Row is { State: not SlotState.Waiting } row && row.Node != node.Name && (row.Node is null ? IsHomeless(world, row) : world.LooksGone(row.Node)))
        {
            yield return 0;
            if (world.Log.Row is { State: not SlotState.Waiting } still && (still.Node is null ? IsHomeless(world, still) : still.Node == row.Node))
            {
                world.Log.Row = still with { Node = node.Name, RedrivenAt = world.Now };
                yield return 0;
                foreach (var sent in Redrive(world, node)) yield return sent;
            }
        }

        if (IsHeldBack(world, node))
        {
            world.Log.Row = world.Log.Row! with { RedrivenAt = world.Now };
            yield return 0;
            foreach (var sent in Redrive(world, node)) yield return sent;
        }

        if (IsStalled(world, node))
        {
            world.Log.Row = world.Log.Row! with { RedrivenAt = world.Now };
            yield return 0;
            if (node.Efforts.Count == 0)
                foreach (var sent in Redrive(world, node)) yield return sent;
        }

        if (world.Log.Row?.DeadlineAt < world.Now)
            node.Begin(node.Command((run, agent) => RunDecider.Decide(run, agent, new ExpireRun())));
    }

    static bool IsStalled(World world, SimulatedNode node) =>
        world.Log.Row is { State: not SlotState.Waiting } row && row.Node == node.Name
        && row.RedrivenAt < world.Now - StalledAfter && world.Log.Facts[^1].At < world.Now - StalledAfter;

    static bool IsHomeless(World world, QueueRow row) => row.Node is null && (row.State is SlotState.Settling || row.IsDue(world.Now));

    static bool IsHeldBack(World world, SimulatedNode node) =>
        world.Log.Row is { State: SlotState.Running } row && row.Node == node.Name && row.NotBefore <= world.Now && row.RedrivenAt < row.NotBefore;

    /// <summary>A retry that waits keeps waiting as long as it was told to, and a run that only waits gives its slot back.</summary>
    static IEnumerable<int> Redrive(World world, SimulatedNode node)
    {
        var (run, version) = (world.Log.Run, world.Log.Version);
        var owed = Work.OwedBy(run).Select(work => work with { Delay = Left(world, work.Message) }).ToLookup(work => work.Delay <= SlotUse.LongestHeld);

        yield return 0;
        if (SlotUse.Of(run) is { } waits && (!owed[true].Any() || owed[false].Any()) && version == world.Log.Version)
            world.Log.Use(new(owed[true].Any() ? null : waits, owed[false].Select(work => (TimeSpan?)work.Delay).Min(), IsRecalled: false), world.Now);
        if (!owed[true].Any()) yield break;

        world.Tally.Redrives++;
        world.Trace?.Note($"{node.Name} sends the run's work again");
        foreach (var work in owed[true]) world.Publish(node, work);
    }

    static TimeSpan Left(World world, object message)
    {
        foreach (var stored in world.Log.Facts.Reverse())
            if (Work.DueTo(world.Log.Run.Id, stored.Fact) is { } due && due.Message.Equals(message))
                return due.Delay - TimeSpan.FromSeconds((world.Now - stored.At) / World.TicksPerSecond);
        return TimeSpan.Zero;
    }
}
