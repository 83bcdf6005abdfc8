using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;

namespace Agents.Host.Engine.Deciding;

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
