using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;

namespace Agents.Host.Engine.Money;

/// <summary>Runs that are parked until a budget has room.</summary>
public sealed class BudgetWaits(IRunTransactions transactions, IDefinitions definitions)
{
    /// <summary>
    /// Lets a run go on whose budget has room. The run's row lock decides between nodes and people: the one that comes second finds it running, or
    /// not waiting any more.
    /// </summary>
    public async Task GoOn(string tenant, Guid runId, CancellationToken ct)
    {
        await using var transaction = transactions.Begin(tenant);
        var decision = await transaction.Decide(runId, definitions, (run, agent) => RunDecider.Decide(run, agent, new GoOnWithinBudget()), ct);
        if (decision is not { Events.Count: > 0 }) transaction.WaitNoMore(runId);
        await transaction.Commit(ct);
    }
}
