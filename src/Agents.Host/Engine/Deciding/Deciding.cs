using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// The one way in which a run changes: lock it, fold it, decide, append; runs that it starts, its slot and the work that it owes go with it. The
/// transaction stores all of it or nothing.
/// </summary>
public static class Deciding
{
    /// <returns>Null when there is no such run.</returns>
    public static async Task<Decision?> Decide(
        this IRunTransaction transaction, Guid runId, IDefinitions definitions, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct)
    {
        if (await transaction.Hold(runId, ct) is not { } held) return null;

        var decision = rule(held.Run, await definitions.Of(held.Run.DefinitionHash, ct));
        if (decision.Events.Count == 0) return decision;

        held.Append(decision.Events);
        foreach (var (child, queued) in decision.Begun) transaction.Begin(child, [queued]);
        transaction.Use(runId, decision.Slot());
        transaction.Owe(decision.Due());
        return decision;
    }
}
