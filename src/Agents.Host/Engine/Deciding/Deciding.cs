using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// The one way in which a run changes: hold it, decide, append; runs that it starts, its slot and the work that it owes go with it. The transaction
/// stores all of it or nothing.
/// </summary>
public static class Deciding
{
    /// <returns>Null when there is no such run.</returns>
    public static async Task<Decision?> Decide(
        this IRunTransaction transaction, Guid runId, IDefinitions definitions, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct)
    {
        if (await transaction.Hold(runId, ct) is not { } held) return null;

        var decision = rule(held.Run, await definitions.Of(held.Run.DefinitionHash, ct));
        return Store(transaction, held, decision);
    }

    /// <summary>
    /// The same without a lock and without a read, for a run that this node has just stored and that only goes on: no end, no stop, no change of its slot. If the run has moved on meanwhile, storing fails, and the message is tried again.
    /// </summary>
    /// <returns>Null when that cannot be: decide with <see cref="Decide"/>.</returns>
    public static async Task<Decision?> DecideOnKnown(
        this IRunTransaction transaction, Guid runId, IDefinitions definitions, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct)
    {
        if (transaction.Known(runId) is not { } known || known.Run.ToolCalls.Count(call => !call.Value.IsSettled()) != 1) return null;

        var decision = rule(known.Run, await definitions.Of(known.Run.DefinitionHash, ct));
        var onlyGoesOn = decision.Events.Count > 0 && decision.Begun.Count == 0 && decision.Slot().IsKept()
            && decision.Run.Status is RunStatus.Running;
        return onlyGoesOn ? Store(transaction, known, decision) : null;
    }

    static Decision Store(IRunTransaction transaction, IHeldRun held, Decision decision)
    {
        var runId = held.Run.Id;
        if (decision.Events.Count == 0) return decision;

        held.Append(decision.Events);
        foreach (var (child, queued) in decision.Begun) transaction.Begin(child, [queued]);
        transaction.Use(runId, decision.Slot());
        transaction.Owe(decision.Due());
        return decision;
    }
}

/// <summary>Decides for code that is no handler, each time in a transaction of its own.</summary>
public sealed class Decisions(IRunTransactions transactions, IDefinitions definitions)
{
    /// <returns>Null when there is no such run.</returns>
    public async Task<Decision?> Decide(string tenant, Guid runId, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct)
    {
        await using var transaction = transactions.Begin(tenant);
        var decision = await transaction.Decide(runId, definitions, rule, ct);
        if (decision is { Events.Count: > 0 }) await transaction.Commit(ct);
        return decision;
    }
}
