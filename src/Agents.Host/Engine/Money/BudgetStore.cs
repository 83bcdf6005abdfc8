using Agents.Domain.Costs;
using Agents.Host.Engine.Signals;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>A budget and how much of it is gone in the period that runs now.</summary>
/// <param name="Scope">agent, key or tenant.</param>
/// <param name="Period">day, month or total.</param>
/// <param name="SpentUsd">US dollars, unconfirmed spend at its upper bound included.</param>
/// <param name="UnconfirmedUsd">How much of it is such upper bounds.</param>
/// <param name="ReservedUsd">What calls in flight may still cost.</param>
/// <param name="RoomUsd">What is left for further calls; negative when the limit was lowered below what had been spent.</param>
/// <param name="From">First day of the period, UTC. Null for a total.</param>
/// <param name="Until">First day of the next period. Null for a total.</param>
/// <param name="WaitingRuns">Runs parked until there is room.</param>
public sealed record BudgetView(
    BudgetScope Scope, string Value, BudgetPeriod Period, decimal LimitUsd, decimal SpentUsd, decimal UnconfirmedUsd, decimal ReservedUsd, decimal RoomUsd,
    DateOnly? From, DateOnly? Until, int WaitingRuns, string SetBy, DateTimeOffset SetAt);

/// <param name="OldLimitUsd">Null when there was no such budget.</param>
/// <param name="NewLimitUsd">Null when it was removed.</param>
public sealed record BudgetChangeView(DateTimeOffset At, string By, decimal? OldLimitUsd, decimal? NewLimitUsd);

/// <summary>Reads and changes a tenant's budgets; every change is recorded with who made it.</summary>
public sealed class BudgetStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Changes shown of one budget, newest first.</summary>
    const int ChangesShown = 100;

    /// <summary>In the order of scope, value and period; one only when it is named.</summary>
    public async Task<IReadOnlyList<BudgetView>> List(string tenant, BudgetName? only, CancellationToken ct)
    {
        await using var command = Command(
            """
            select b.scope, b.value, b.period, b.limit_usd, coalesce(p.spent_usd, 0), coalesce(p.unconfirmed_usd, 0), coalesce(p.reserved_usd, 0),
              nullif(finance.period_start(b.period, clock_timestamp()), '-infinity'),
              finance.period_end(b.period, finance.period_start(b.period, clock_timestamp())),
              (select count(*)::int from finance.budget_wait w
                where w.tenant_id = b.tenant_id and w.scope = b.scope and w.value = b.value and w.period = b.period and w.resumed_at is null),
              b.set_by, b.set_at
            from finance.budget b left join finance.budget_period p
              on p.tenant_id = b.tenant_id and p.scope = b.scope and p.value = b.value and p.period = b.period
              and p.starts_on = finance.period_start(b.period, clock_timestamp())
            where b.tenant_id = $1 and ($2::text is null or (b.scope = $2 and b.value = $3 and b.period = $4))
            order by b.scope, b.value, b.period
            """, tenant, only is null ? null : Word(only.Scope), only?.Value, only is null ? null : Word(only.Period));
        await using var rows = await command.ExecuteReaderAsync(ct);

        var budgets = new List<BudgetView>();
        while (await rows.ReadAsync(ct))
        {
            var (limit, spent, reserved) = (rows.GetDecimal(3), rows.GetDecimal(4), rows.GetDecimal(6));
            budgets.Add(new(
                Enum.Parse<BudgetScope>(rows.GetString(0), ignoreCase: true), rows.GetString(1), Enum.Parse<BudgetPeriod>(rows.GetString(2), ignoreCase: true),
                limit, spent, rows.GetDecimal(5), reserved, limit - spent - reserved,
                rows.IsDBNull(7) ? null : rows.GetFieldValue<DateOnly>(7), rows.IsDBNull(8) ? null : rows.GetFieldValue<DateOnly>(8),
                rows.GetInt32(9), rows.GetString(10), rows.GetFieldValue<DateTimeOffset>(11)));
        }

        return budgets;
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<BudgetChangeView>> Changes(string tenant, BudgetName name, CancellationToken ct)
    {
        await using var command = Command(
            """
            select at, by, old_limit_usd, new_limit_usd from finance.budget_change
            where tenant_id = $1 and scope = $2 and value = $3 and period = $4 order by id desc limit $5
            """, tenant, Word(name.Scope), name.Value, Word(name.Period), ChangesShown);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var changes = new List<BudgetChangeView>();
        while (await rows.ReadAsync(ct))
            changes.Add(new(
                rows.GetFieldValue<DateTimeOffset>(0), rows.GetString(1),
                rows.IsDBNull(2) ? null : rows.GetDecimal(2), rows.IsDBNull(3) ? null : rows.GetDecimal(3)));
        return changes;
    }

    /// <summary>Whether there was no such budget before. Of two callers who set one at once, only one has made it.</summary>
    public async Task<bool> Set(string tenant, BudgetName name, decimal limitUsd, string by, CancellationToken ct)
    {
        await using var command = Command("select finance.put_budget($1, $2, $3, $4, $5::numeric, $6)", tenant, Word(name.Scope), name.Value, Word(name.Period), limitUsd, by);
        var isNew = await command.ExecuteScalarAsync(ct) is true;
        signals.BudgetChanged();
        return isNew;
    }

    /// <summary>Whether there was such a budget to raise.</summary>
    public Task<bool> Raise(string tenant, BudgetName name, decimal byUsd, string by, CancellationToken ct) => Change(tenant, name, byUsd, by, ct);

    /// <summary>Whether there was such a budget.</summary>
    public Task<bool> Remove(string tenant, BudgetName name, string by, CancellationToken ct) => Change(tenant, name, null, by, ct);

    /// <param name="moreUsd">Null removes it.</param>
    async Task<bool> Change(string tenant, BudgetName name, decimal? moreUsd, string by, CancellationToken ct)
    {
        await using var command = Command(
            "select finance.set_budget($1, $2, $3, $4, null, $5::numeric, $6)", tenant, Word(name.Scope), name.Value, Word(name.Period), moreUsd, by);
        var isThere = await command.ExecuteScalarAsync(ct) is decimal;
        signals.BudgetChanged();
        return isThere;
    }

    NpgsqlCommand Command(string sql, params object?[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }

    static string Word(Enum value) => value.ToString().ToLowerInvariant();
}
