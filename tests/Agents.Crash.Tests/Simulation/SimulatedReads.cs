using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Money;
using Agents.Host.Log;

namespace Agents.Crash.Tests.Simulation;

/// <summary>What a process reads outside of transactions: logs, checkpoints, definitions, prices.</summary>
sealed class SimulatedReads(SimulatedProcess process) : IRunLog, IDefinitions, IFamilies, IPrices
{
    readonly World world = process.World;

    public async Task<LoadedRun?> Load(string tenant, Guid runId, CancellationToken ct, long? version = null)
    {
        await process.Turn();
        var loaded = world.Database.Find(runId)?.Load(version);
        return world.Mutant is Mutant.ClosingNotSeen && loaded?.Run.Closing is not null ? loaded with { Run = loaded.Run with { Closing = null } } : loaded;
    }

    public async Task<IReadOnlyList<RunEvent>> Since(string tenant, Guid runId, long version, CancellationToken ct)
    {
        await process.Turn();
        var happened = new List<RunEvent>();
        foreach (var fact in world.Database.Find(runId)!.Facts[(int)version..])
            happened.Add(world.Mutant is Mutant.ClosingNotSeen && fact.Happened is RunClosing closing ? closing with { Reason = null! } : fact.Happened);
        return happened;
    }

    public async Task<IReadOnlyList<Run>> Checkpoints(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        await process.Turn();
        return world.Database.Checkpoints(runs);
    }

    public Task<IReadOnlyList<EarlierMessage>> SaidBefore(string tenant, RunQueued queued, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<EarlierMessage>>([]);

    /// <summary>Every node knows all of them by heart.</summary>
    public ValueTask<AgentDefinition> Of(string hash, CancellationToken ct) => new(SampleAgents.Named(hash));

    public async Task<string> Store(AgentDefinition agent, CancellationToken ct)
    {
        await process.Turn();
        return agent.Name;
    }

    public async Task<Inheritance> Inherited(string tenant, Guid parent, CancellationToken ct)
    {
        await process.Turn();
        var log = world.Database.Find(parent)!;
        var left = log.Row?.DeadlineAt is { } at ? TimeSpan.FromSeconds((at - world.Now) / (double)World.TicksPerSecond) : (TimeSpan?)null;
        return new(log.Queued.RequestedBy, log.Queued.Priority, log.Run.Root(), left);
    }

    public async Task<ChildEnd> EndOf(string tenant, Guid child, CancellationToken ct)
    {
        await process.Turn();
        foreach (var fact in world.Database.Find(child)!.Facts)
            if (fact.Happened is RunCompleted completed) return new(completed.Answer, "", TimeSpan.FromSeconds(1), completed.Incomplete);
        return new("", "It ended.", TimeSpan.FromSeconds(1));
    }

    public Task<PriceList> InForce(string tenant, CancellationToken ct) =>
        Task.FromResult(world.Mutant is Mutant.TakeoverAtTheFirstPrice ? FirstPriceForAll(world.Prices) : world.Prices);

    static PriceList FirstPriceForAll(PriceList prices) =>
        prices with { Entries = [.. prices.Entries.Select(entry => entry with { Price = prices.Entries[0].Price })] };
}
