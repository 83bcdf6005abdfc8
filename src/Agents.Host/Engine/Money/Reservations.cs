using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Marten;
using Npgsql;

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
    /// The budget with the least room when one has too little; then nothing is reserved, and a call within that room is sure to be let through as long as
    /// the transaction lasts. Null when the call is reserved.
    /// </returns>
    public static async Task<BudgetRefusal?> Reserve(
        this IDocumentSession session, Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select scope, value, period, limit_usd, spent_usd, reserved_usd
            from finance.try_reserve(@tenant, @run, @root, @agent, @key, @call, @attempt, @upper::numeric, @mayBeUnpriced)
            """);
        command.Parameters.AddWithValue("tenant", session.TenantId);
        command.Parameters.AddWithValue("run", run.Id);
        command.Parameters.AddWithValue("root", run.Root());
        command.Parameters.AddWithValue("agent", run.Agent);
        command.Parameters.AddWithValue("key", key);
        command.Parameters.AddWithValue("call", work.Call);
        command.Parameters.AddWithValue("attempt", work.Attempt);
        command.Parameters.AddWithValue("upper", (object?)offer.Estimate?.UpperUsd() ?? DBNull.Value);
        command.Parameters.AddWithValue("mayBeUnpriced", mayBeUnpriced);
        await using var rows = await session.ExecuteReaderAsync(command, ct);
        if (!await rows.ReadAsync(ct)) return null;

        var budget = new BudgetName(
            Enum.Parse<BudgetScope>(rows.GetString(0), ignoreCase: true), rows.GetString(1), Enum.Parse<BudgetPeriod>(rows.GetString(2), ignoreCase: true));
        return new(budget, rows.GetDecimal(3), rows.GetDecimal(4), rows.GetDecimal(5), offer.Estimate?.UpperUsd(), offer.Estimate?.LeastUsd());
    }
}
