using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The queue, the other nodes and the messages, as a process reaches them.</summary>
sealed class SimulatedOutside(SimulatedProcess process) : IRunQueue, INode, ISignals, IWorkSender, ISetAside
{
    readonly World world = process.World;

    public string Name => process.Name;

    public Task Ready => Task.CompletedTask;

    public async Task<IReadOnlySet<string>> Gone(IReadOnlyCollection<string> workers, CancellationToken ct)
    {
        await process.Turn();
        return workers.Where(worker => worker != Name && world.LooksGone(worker)).ToHashSet();
    }

    public async Task<bool> HasSlot(string tenant, Guid runId, CancellationToken ct)
    {
        await process.Turn();
        return world.Database.Find(runId)?.Row?.Node is not null;
    }

    public Task<bool> GiveBackUnbegun(string tenant, Guid runId, string node, DateTimeOffset? until) => GiveBack(runId, node, SlotState.Waiting, until);

    public Task<bool> GiveBackBegun(string tenant, Guid runId, string node, DateTimeOffset? until) => GiveBack(runId, node, SlotState.Running, until);

    async Task<bool> GiveBack(Guid runId, string node, SlotState state, DateTimeOffset? until)
    {
        await process.Turn();
        if (world.Database.Find(runId)?.Row is not { } row || row.State != state || row.Node != node) return false;
        row.Node = null;
        if (until is { } at) row.NotBefore = SimulatedClock.TickOf(at);
        return true;
    }

    /// <summary>What fails in the world fails by chance: it is tried again as after the first failure.</summary>
    public async Task<(int Failures, DateTimeOffset Until)> Add(string duty, DutyItem item, Exception failure, CancellationToken ct)
    {
        await process.Turn();
        return (1, SimulatedClock.At(world.Now + 2 * World.TicksPerSecond));
    }

    public Task Clear(string duty, DutyItem item, CancellationToken ct) => Task.CompletedTask;

    public async Task<IReadOnlyList<Guid>> SetFree(string node, IReadOnlyCollection<Guid> inFlight)
    {
        await process.Turn();
        var free = new List<Guid>();
        foreach (var log in world.Database.Runs)
        {
            if (log.Row is not { State: not SlotState.Settling } row || row.Node != node || inFlight.Contains(log.Id)) continue;
            row.Node = null;
            free.Add(log.Id);
        }

        return free;
    }

    public async Task<int> SetFree(IReadOnlyCollection<string> gone, CancellationToken ct)
    {
        await process.Turn();
        var count = 0;
        foreach (var log in world.Database.Runs)
        {
            if (log.Row is not { State: not SlotState.Settling, Node: { } node } row || !gone.Contains(node)) continue;
            row.Node = null;
            count++;
        }

        return count;
    }

    public async Task ApprovalsAreOver(string tenant, Guid runId, CancellationToken ct)
    {
        await process.Turn();
        if (world.Database.Find(runId)?.Row is { } row && row.ApproveBy < world.Now) row.ApproveBy = null;
    }

    public async Task Settled(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        await process.Turn();
        foreach (var runId in runs)
            if (world.Database.Find(runId) is { Row.State: SlotState.Settling } log) log.Row = null;
    }

    /// <summary>The world needs no waking.</summary>
    public void Announce(Signal signal)
    {
    }

    public void AnnounceElsewhere(Signal signal)
    {
    }

    public void WakeAdmissionHere()
    {
    }

    public async Task Send(string tenant, IEnumerable<Work> owed)
    {
        await process.Turn();
        world.Tally.Redrives++;
        foreach (var work in owed) world.Publish(process.Node, work);
    }
}
