using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Engine.Money;

/// <summary>
/// Reserves what a call can cost at most in all budgets that it draws on, in the transaction that claims it. The reservation is settled by
/// <see cref="Projections.BudgetLedger"/>.
/// </summary>
public static class Reservations
{
    /// <summary>One round trip. Call it last before the session is saved: it locks the budgets until the transaction ends.</summary>
    /// <param name="key">The credential that asked for the run.</param>
    /// <param name="mayBeUnpriced">Whether a call without a price may be made where a budget bears on it; it is then charged to none.</param>
    /// <returns>
    /// The budget with the least room when one has too little; then nothing is reserved, and a call within that room is sure to be let through as
    /// long as the transaction lasts. Null when the call is reserved.
    /// </returns>
    public static async Task<BudgetRefusal?> Reserve(
        this IDocumentSession session, Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced, CancellationToken ct)
    {
        var full = await session.First<FullBudget>(
            """
            select scope, value, period, limit_usd, spent_usd, reserved_usd
            from finance.try_reserve(@tenant_id, @run_id, @root, @agent, @key, @call, @attempt, @upper_usd, @may_be_unpriced)
            """,
            new
            {
                session.TenantId,
                runId = run.Id,
                root = run.Root(),
                run.Agent,
                key,
                work.Call,
                work.Attempt,
                upperUsd = offer.Estimate?.UpperUsd(),
                mayBeUnpriced,
            }, ct);
        if (full is null) return null;

        var budget = new BudgetName(full.Scope, full.Value, full.Period);
        return new(budget, full.LimitUsd, full.SpentUsd, full.ReservedUsd, offer.Estimate?.UpperUsd(), offer.Estimate?.LeastUsd());
    }

    sealed record FullBudget(BudgetScope Scope, string Value, BudgetPeriod Period, decimal LimitUsd, decimal SpentUsd, decimal ReservedUsd);
}
