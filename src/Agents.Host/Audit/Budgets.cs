using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Audit;

/// <summary>
/// I7: no model call was begun that a run's own budget had no room for, nor once the agent's limit was spent; and each budget of agents, keys and
/// tenants holds what its reservations say, each reservation what the facts say, and together never more than may be.
/// </summary>
static class Budgets
{
    public static Invariant Invariant() => new(
        "I7", "No model call began beyond a budget, and budgets hold what the facts say was spent and reserved.");

    public static IEnumerable<string> In(StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions)
    {
        foreach (var (before, fact) in run.History)
        {
            if (fact.Happened is ModelCallStarted { ReservedUsd: { } upper } begun && !before.HasRoomFor(upper, mayBeUnpriced: true))
                yield return FormattableString.Invariant(
                    $"{run} began call {begun.Call} at {fact} for up to {upper} USD with {before.SpentAtMostUsd()} of {before.BudgetUsd} USD spent");
            if (fact.Happened is not ModelCallScheduled call || !definitions.TryGetValue(before.DefinitionHash, out var agent)) continue;

            var most = before.MostUsd(agent.Limits);
            if (before.SpentAtMostUsd() >= most)
                yield return FormattableString.Invariant(
                    $"{run} began call {call.Call} at {fact} with {before.SpentAtMostUsd()} of {most} USD spent");
        }

        foreach (var reservation in run.Reservations)
            if (Of(run, reservation) is var expected && expected != reservation)
                yield return expected is null
                    ? $"{run} has reserved for attempt {reservation.Attempt} of call {reservation.Call}, which never began"
                    : FormattableString.Invariant($"{run} has {reservation}, which should be {expected}");
    }

    /// <summary>What the facts say of a reservation. Null when its call never began.</summary>
    static ReservationRow? Of(StoredRun run, ReservationRow reservation)
    {
        ReservationRow? row = null;
        foreach (var fact in run.Facts)
            row = fact.Happened switch
            {
                ModelCallStarted e when Is(e.Call, e.Attempt) =>
                    reservation with { State = "reserved", UpperUsd = e.ReservedUsd ?? -1, ChargedUsd = 0 },
                ModelCallCompleted e when Is(e.Call, e.Attempt) =>
                    row! with { State = e.Cost is null ? "unpriced" : "settled", ChargedUsd = e.Cost?.Usd ?? row.UpperUsd },
                ModelCallFailed e when Is(e.Call, e.Attempt) => row! with { State = "settled", ChargedUsd = e.Cost?.Usd ?? 0 },
                ModelCallOutcomeUnknown e when Is(e.Call, e.Attempt) => row! with { State = "unconfirmed", ChargedUsd = row.UpperUsd },
                SpendResolved e when Is(e.Call, e.Attempt) => row! with { State = "settled", ChargedUsd = e.ActualUsd },
                _ => row,
            };
        return row;

        bool Is(int call, int attempt) => call == reservation.Call && attempt == reservation.Attempt;
    }

    /// <summary>Each budget's period against its reservations, and against what may be.</summary>
    public static async Task Check(Invariant invariant, Snapshot snapshot, string? tenant, CancellationToken ct)
    {
        var budgets = 0;
        await foreach (var row in snapshot.Rows<PeriodRow>(
            """
            select p.tenant_id, p.scope, p.value, p.period, p.starts_on::text as starts_on,
              p.spent_usd, p.unconfirmed_usd, p.reserved_usd, p.ceiling_usd,
              coalesce(r.spent, 0) as told_spent_usd, coalesce(r.unconfirmed, 0) as told_unconfirmed_usd, coalesce(r.reserved, 0) as told_reserved_usd
            from finance.budget_period p left join lateral (
              select sum(charged_usd) as spent, sum(charged_usd) filter (where state = 'unconfirmed') as unconfirmed,
                sum(upper_usd) filter (where state = 'reserved') as reserved
              from finance.reservation x where x.tenant_id = p.tenant_id and x.scope = p.scope and x.value = p.value and x.period = p.period
                and x.starts_on = p.starts_on) r on true
            where @tenant is null or p.tenant_id = @tenant
            """, new { tenant }, ct))
        {
            budgets++;
            var name = $"{row.TenantId}: the budget of {row.Scope} {row.Value} ({row.Period} from {row.StartsOn})";
            var (spent, unconfirmed, reserved) = (row.SpentUsd, row.UnconfirmedUsd, row.ReservedUsd);
            if ((spent, unconfirmed, reserved) != (row.ToldSpentUsd, row.ToldUnconfirmedUsd, row.ToldReservedUsd))
                invariant.Violate(FormattableString.Invariant($"{name} has {spent} USD spent ({unconfirmed} unconfirmed) and {reserved} reserved; ")
                    + FormattableString.Invariant($"its reservations say {row.ToldSpentUsd} ({row.ToldUnconfirmedUsd}) and {row.ToldReservedUsd}"));
            if (spent + reserved > row.CeilingUsd)
                invariant.Violate(FormattableString.Invariant($"{name} has {spent + reserved} USD spent and reserved of {row.CeilingUsd}"));
        }

        if (budgets > 0) invariant.Note = $"{budgets} {(budgets == 1 ? "period of a budget" : "periods of budgets")}";
    }

    sealed record PeriodRow(
        string TenantId, string Scope, string Value, string Period, string StartsOn, decimal SpentUsd, decimal UnconfirmedUsd, decimal ReservedUsd,
        decimal CeilingUsd, decimal ToldSpentUsd, decimal ToldUnconfirmedUsd, decimal ToldReservedUsd);
}
