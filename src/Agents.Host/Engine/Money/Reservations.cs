using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>
/// Reserves what a call can cost at most in all budgets that it draws on, in the transaction that claims it. One conditional update for each budget, in
/// the same batch as the claim: a budget's row is locked only while that commits. The reservation is settled by <see cref="Projections.BudgetLedger"/>.
/// </summary>
public static class Reservations
{
    /// <summary>What <c>finance.reserve</c> raises when a budget has no room.</summary>
    const string Refused = "AGBUD";

    /// <summary>Saving the session fails when a budget has no room; see <see cref="RefusalIn"/>.</summary>
    /// <param name="key">The credential that asked for the run.</param>
    /// <param name="mayBeUnpriced">Whether a call without a price may be made where a budget bears on it; it is then charged to none.</param>
    public static void Reserve(this IDocumentSession session, Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced) =>
        session.QueueSqlCommand(
            "call finance.reserve(?, ?, ?, ?, ?, ?, ?, ?::numeric, ?)",
            session.TenantId, run.Id, run.Root(), run.Agent, key, work.Call, work.Attempt,
            (object?)offer.Estimate?.UpperUsd() ?? DBNull.Value, mayBeUnpriced);

    /// <summary>Why a claim could not be saved, if it was for a budget; null when it was for something else.</summary>
    public static BudgetRefusal? RefusalIn(Exception? failure, CallOffer offer)
    {
        while (failure is not (null or PostgresException)) failure = failure.InnerException;
        if (failure is not PostgresException { SqlState: Refused } refused) return null;

        var said = JsonSerializer.Deserialize<Said>(refused.MessageText, JsonFormat.Api)!;
        return new(
            new(said.Scope, said.Value, said.Period), said.LimitUsd, said.SpentUsd, said.ReservedUsd, offer.Estimate?.UpperUsd(), offer.Estimate?.LeastUsd());
    }

    sealed record Said(BudgetScope Scope, string Value, BudgetPeriod Period, decimal LimitUsd, decimal SpentUsd, decimal ReservedUsd);
}
