using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Log;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// A transaction in which runs change: facts, slots and the work that is owed are stored together or not at all. A handler's ends with the handler;
/// see <see cref="IOwnTransaction"/> for all others.
/// </summary>
public interface IRunTransaction
{
    string Tenant { get; }

    /// <summary>What this transaction owes so far. It is stored with the facts, and sent when they are stored.</summary>
    IReadOnlyList<Work> Owed { get; }

    /// <summary>Locks a run until the transaction ends. Null when the tenant has no such run.</summary>
    Task<IHeldRun?> Hold(Guid runId, CancellationToken ct);

    /// <summary>
    /// The run as this node has just stored it, not locked and not read: if it has moved on since, the transaction fails, and what is done again holds the
    /// run. Null when this node does not know it.
    /// </summary>
    IHeldRun? Known(Guid runId);

    /// <summary>The run with all its facts. Null when the tenant has no such run.</summary>
    Task<LoadedRun?> Load(Guid runId, CancellationToken ct);

    /// <summary>Runs as their checkpoints have them; not locked.</summary>
    Task<IReadOnlyList<Run>> Checkpoints(IReadOnlyCollection<Guid> runs, CancellationToken ct);

    /// <summary>Begins a run with its first facts.</summary>
    void Begin(Guid runId, IReadOnlyList<RunEvent> facts);

    /// <summary>Writes down what becomes of a run's slot.</summary>
    void Use(Guid runId, SlotUse use);

    void Owe(IEnumerable<Work> work);
}

/// <summary>A run that a transaction builds on.</summary>
public interface IHeldRun
{
    Run Run { get; }

    long Version { get; }

    /// <summary>Stores facts behind this version, once; the transaction fails if the run has moved on all the same.</summary>
    void Append(IReadOnlyList<RunEvent> facts);
}

/// <summary>A transaction of its own, which its owner commits. Disposed of without that, nothing of it is stored.</summary>
public interface IOwnTransaction : IRunTransaction, IAsyncDisposable
{
    /// <summary>Reserves what a call can cost at most in all budgets that it draws on. They stay locked until the transaction ends.</summary>
    /// <param name="key">The credential that asked for the run.</param>
    /// <param name="mayBeUnpriced">Whether a call without a price may be made where a budget bears on it; it is then charged to none.</param>
    /// <returns>The budget with the least room when one has too little; then nothing is reserved. Null when the call is reserved.</returns>
    Task<BudgetRefusal?> Reserve(Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced, CancellationToken ct);

    /// <summary>Forgets that a run waits for a budget.</summary>
    void WaitNoMore(Guid runId);

    /// <summary>Stores all of it, then sends what is owed.</summary>
    Task Commit(CancellationToken ct);
}

/// <summary>Begins transactions.</summary>
public interface IRunTransactions
{
    IOwnTransaction Begin(string tenant);
}
