using Agents.Domain.Costs;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>A budget and how much of it is gone in the period that runs now.</summary>
/// <param name="Scope">agent, batch, key or tenant.</param>
/// <param name="Period">day, month or total.</param>
/// <param name="SpentUsd">US dollars, unconfirmed spend at its upper bound included.</param>
/// <param name="UnconfirmedUsd">How much of it is such upper bounds.</param>
/// <param name="ReservedUsd">What calls in flight may still cost.</param>
/// <param name="RoomUsd">What is left for further calls; negative when the limit was lowered below what had been spent.</param>
/// <param name="From">First day of the period, UTC. Null for a total.</param>
/// <param name="Until">First day of the next period. Null for a total.</param>
/// <param name="WaitingRuns">Runs parked until there is room.</param>
/// <param name="SetByKey">The id of the key with which it was set. Null when the server needed none.</param>
/// <param name="KeyName">The name of the key whose id the value is. Null for other budgets.</param>
public sealed record BudgetView(
    BudgetScope Scope, string Value, BudgetPeriod Period, decimal LimitUsd, decimal SpentUsd, decimal UnconfirmedUsd, decimal ReservedUsd,
    decimal RoomUsd,
    DateOnly? From, DateOnly? Until, int WaitingRuns, string SetBy, DateTimeOffset SetAt,
    string? SetByKey, string? KeyName = null);

/// <param name="OldLimitUsd">Null when there was no such budget.</param>
/// <param name="NewLimitUsd">Null when it was removed.</param>
public sealed record BudgetChangeView(DateTimeOffset At, string By, decimal? OldLimitUsd, decimal? NewLimitUsd, string? ByKey);

/// <summary>Reads and changes a tenant's budgets; every change is recorded with who made it.</summary>
public sealed class BudgetStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Changes shown of one budget, newest first.</summary>
    const int ChangesShown = 100;

    /// <summary>Keys of one name that a refusal names.</summary>
    const int KeysNamed = 10;

    /// <summary>In the order of scope, value and period; one only when it is named. Those of batches only when they are named.</summary>
    public async Task<IReadOnlyList<BudgetView>> List(string tenant, BudgetName? only, CancellationToken ct) => await database.Query<BudgetView>(
        """
        select b.scope, b.value, b.period, b.limit_usd,
          coalesce(p.spent_usd, 0) as spent_usd, coalesce(p.unconfirmed_usd, 0) as unconfirmed_usd, coalesce(p.reserved_usd, 0) as reserved_usd,
          b.limit_usd - coalesce(p.spent_usd, 0) - coalesce(p.reserved_usd, 0) as room_usd,
          nullif(finance.period_start(b.period, clock_timestamp()), '-infinity') as from,
          finance.period_end(b.period, finance.period_start(b.period, clock_timestamp())) as until,
          (select count(*) from finance.budget_wait w
           where w.tenant_id = b.tenant_id and w.scope = b.scope and w.value = b.value and w.period = b.period
             and w.resumed_at is null) as waiting_runs,
          b.set_by, b.set_at, b.set_by_key,
          (select k.name from agents.api_key k where k.tenant_id = b.tenant_id and k.id = b.value and b.scope = 'key') as key_name
        from finance.budget b left join finance.budget_period p
          on p.tenant_id = b.tenant_id and p.scope = b.scope and p.value = b.value and p.period = b.period
          and p.starts_on = finance.period_start(b.period, clock_timestamp())
        where b.tenant_id = @tenant and (@scope is null and b.scope <> 'batch' or (b.scope = @scope and b.value = @value and b.period = @period))
        order by b.scope, b.value, b.period
        """, new { tenant, scope = only is null ? null : Word(only.Scope), only?.Value, period = only is null ? null : Word(only.Period) }, ct);

    /// <summary>
    /// The ids of the keys that have the name now. None when it is itself the id of a key, or there is a budget under it, which all keys of the name
    /// share.
    /// </summary>
    public async Task<IReadOnlyList<string>> KeysMeant(string tenant, BudgetName name, CancellationToken ct) => await database.Query<string>(
        """
        select id from agents.api_key
        where tenant_id = @tenant and name = @value and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
          and not exists (select from agents.api_key k where k.tenant_id = @tenant and k.id = @value)
          and not exists (
            select from finance.budget b where b.tenant_id = @tenant and b.scope = 'key' and b.value = @value and b.period = @period)
        order by created_at, id limit @keys_named
        """, new { tenant, name.Value, period = Word(name.Period), KeysNamed }, ct);

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<BudgetChangeView>> Changes(string tenant, BudgetName name, CancellationToken ct) =>
        await database.Query<BudgetChangeView>(
        """
        select at, by, old_limit_usd, new_limit_usd, by_key from finance.budget_change
        where tenant_id = @tenant and scope = @scope and value = @value and period = @period
        order by id desc limit @changes_shown
        """, new { tenant, scope = Word(name.Scope), name.Value, period = Word(name.Period), ChangesShown }, ct);

    /// <summary>Whether there was no such budget before. Of two callers who set one at once, only one has made it.</summary>
    public async Task<bool> Set(string tenant, BudgetName name, decimal limitUsd, Actor by, CancellationToken ct)
    {
        var isNew = await database.First<bool>(
            "select finance.put_budget(@tenant, @scope, @value, @period, @limit_usd, @by, @key_id)",
            new { tenant, scope = Word(name.Scope), name.Value, period = Word(name.Period), limitUsd, by = by.Name, by.KeyId }, ct);
        signals.BudgetChanged();
        return isNew;
    }

    /// <summary>Whether there was such a budget to raise.</summary>
    public Task<bool> Raise(string tenant, BudgetName name, decimal byUsd, Actor by, CancellationToken ct) => Change(tenant, name, byUsd, by, ct);

    /// <summary>Whether there was such a budget.</summary>
    public Task<bool> Remove(string tenant, BudgetName name, Actor by, CancellationToken ct) => Change(tenant, name, null, by, ct);

    /// <param name="moreUsd">Null removes it.</param>
    async Task<bool> Change(string tenant, BudgetName name, decimal? moreUsd, Actor by, CancellationToken ct)
    {
        var limit = await database.First<decimal?>(
            "select finance.set_budget(@tenant, @scope, @value, @period, null, @more_usd, @by, @key_id)",
            new { tenant, scope = Word(name.Scope), name.Value, period = Word(name.Period), moreUsd, by = by.Name, by.KeyId }, ct);
        signals.BudgetChanged();
        return limit is not null;
    }

    static string Word(Enum value) => value.ToString().ToLowerInvariant();
}
