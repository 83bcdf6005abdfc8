using Agents.Host.Engine.Queue;
using Agents.Host.Models;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The rate of the one model, as <c>agents.take_rate</c> keeps it: requests of the last minute, over all nodes.</summary>
/// <param name="perMinute">Null when nothing limits the model.</param>
sealed class RateTable(World world, int? perMinute)
{
    const int Window = 61 * World.TicksPerSecond;

    /// <summary>The ticks at which requests were let through.</summary>
    readonly List<int> taken = [];

    readonly Dictionary<(Guid RunId, string Node), int> passes = [];

    /// <summary>When requests were let through that have come to the provider.</summary>
    readonly List<int> sent = [];

    /// <summary>An operator sets it much higher, so that all runs come to their ends soon.</summary>
    public void Raise() => perMinute *= 30;

    public bool IsLimited => perMinute is not null;

    public (long? Second, TimeSpan? Wait) Ask(Guid runId, string node, TimeSpan longest)
    {
        if (perMinute is not { } most) return (null, null);

        taken.RemoveAll(at => at < world.Now - Window);
        if (taken.Count < most || world.Mutant is Mutant.RateNotCounted)
        {
            taken.Add(world.Now);
            passes[(runId, node)] = world.Now;
            return (world.Now, null);
        }

        var wait = TimeSpan.FromSeconds((taken.Min() + Window + 1 - world.Now) / (double)World.TicksPerSecond);
        world.Tally.RateWaits++;
        if (wait > longest && world.Database.Find(runId)?.Row is { State: SlotState.Running } row && row.Node == node)
            (row.Node, row.NotBefore, row.WaitsFor) = (null, world.Now + SimulatedClock.In(wait), SlotWait.Rate);
        return (null, wait);
    }

    public void GiveBack(long second) => taken.Remove((int)second);

    /// <summary>A request has come to the provider.</summary>
    /// <exception cref="ViolationException">Nothing let it through, or more were let through in a minute than may be.</exception>
    public void Sent(Guid runId, string node)
    {
        if (perMinute is not { } most) return;
        if (!passes.Remove((runId, node), out var at)) throw world.Violated(new(Invariant.RatesAreKept, $"{node} sends what was not let through"));

        sent.Add(at);
        var first = sent.Count(other => other > at - Window && other <= at);
        if (first > most) throw world.Violated(new(Invariant.RatesAreKept, $"{first} requests were let through in a minute, {most} may be"));
    }
}

/// <summary>What a process asks of it.</summary>
sealed class SimulatedRates(SimulatedProcess process) : IRates
{
    readonly World world = process.World;

    public async Task<(long? Second, TimeSpan? Wait)> Ask(string tenant, Guid runId, string model, long tokens, TimeSpan longest, CancellationToken ct)
    {
        if (!world.Rates.IsLimited) return (null, null);
        await process.Turn();
        return world.Rates.Ask(runId, process.Name, longest);
    }

    public async Task GiveBack(string model, long second, long tokens)
    {
        await process.Turn();
        world.Rates.GiveBack(second);
    }

    public Task Settle(string model, long second, long reserved, long tokens, TimeSpan sinceHeard) => Task.CompletedTask;

    public Task Note(string model, RateTold? told, TimeSpan? retryAfter) => Task.CompletedTask;
}
