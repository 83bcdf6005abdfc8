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
        world.Log.Row is { } row && (row.Node != node.Name || IsStalled(world, node) || row.DeadlineAt < world.Now);

    public static IEnumerator<int> Round(World world, SimulatedNode node)
    {
        if (world.Log.Row is { State: not SlotState.Waiting } row && row.Node != node.Name && (row.Node is null || world.LooksGone(row.Node)))
        {
            yield return 0;
            if (world.Log.Row is { State: not SlotState.Waiting } still && (still.Node is null || still.Node == row.Node))
            {
                world.Log.Row = still with { Node = node.Name, RedrivenAt = world.Now };
                yield return 0;
                foreach (var sent in Redrive(world, node)) yield return sent;
            }
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

    /// <summary>A retry that waits keeps waiting as long as it was told to.</summary>
    static IEnumerable<int> Redrive(World world, SimulatedNode node)
    {
        var owed = Work.OwedBy(world.Log.Run).Select(work => work with { Delay = Left(world, work.Message) }).ToList();
        if (owed.Count == 0) yield break;

        yield return 0;
        world.Tally.Redrives++;
        world.Trace?.Note($"{node.Name} sends the run's work again");
        foreach (var work in owed) world.Publish(node, work);
    }

    static TimeSpan Left(World world, object message)
    {
        foreach (var stored in world.Log.Facts.Reverse())
            if (Work.DueTo(world.Log.Run.Id, stored.Fact) is { } due && due.Message.Equals(message))
                return due.Delay - TimeSpan.FromSeconds((world.Now - stored.At) / World.TicksPerSecond);
        return TimeSpan.Zero;
    }
}
