using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>All runs, in the order in which they were queued.</summary>
sealed class SimulatedDatabase(World world)
{
    readonly Dictionary<Guid, EventLog> byId = [];

    public List<EventLog> Runs { get; } = [];

    public EventLog? Find(Guid runId) => byId.GetValueOrDefault(runId);

    public IReadOnlyList<Run> Checkpoints(IReadOnlyCollection<Guid> runs)
    {
        var found = new List<Run>(runs.Count);
        foreach (var runId in runs)
            if (Find(runId) is { } log) found.Add(log.Run);
        return found;
    }

    public void Begin(Guid runId, IReadOnlyList<RunEvent> facts, string by)
    {
        if (byId.ContainsKey(runId)) throw world.Violated(new(Invariant.EveryVersionOnce, $"{runId} begins twice"));

        var log = new EventLog(world, runId, SampleAgents.Named(((RunQueued)facts[0]).Agent));
        byId.Add(runId, log);
        Runs.Add(log);
        foreach (var fact in facts)
        {
            world.Trace?.Note($"{by} stores {log.Version + 1} of {world.NameOf(runId)}: {fact}");
            log.Append(fact);
        }
    }
}
