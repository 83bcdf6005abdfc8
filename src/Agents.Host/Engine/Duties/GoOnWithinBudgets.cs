using Agents.Host.Engine.Money;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Lets runs go on that are parked for a budget once it has room: because it was raised or removed, its period turned, or calls cost less than they
/// had reserved. The oldest first, and only as many as there is room for; those let go on keep their place until their call begins.
/// </summary>
public sealed class GoOnWithinBudgets : IDuty
{
    const string Title = "let runs go on within budgets";

    /// <summary>Runs let go on in one round: a thousand that wait for one budget do not come back all at once.</summary>
    const int Batch = 50;

    static readonly DutyPace Pace = new() { AtOnce = 4 };

    /// <summary>A run that was let go on and whose call has not begun after this is looked at again.</summary>
    static readonly TimeSpan BeginsWithin = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>How often it looks while no run waits for a budget.</summary>
    static readonly TimeSpan Seldom = TimeSpan.FromSeconds(30);

    readonly NpgsqlDataSource database;
    readonly BudgetWaits waits;
    readonly NodeSignals signals;
    volatile bool mayWait = true;

    public GoOnWithinBudgets(NpgsqlDataSource database, BudgetWaits waits, NodeSignals signals)
    {
        (this.database, this.waits, this.signals) = (database, waits, signals);
        signals.Written += _ => mayWait = true;
    }

    /// <summary>
    /// A run fits when all that wait before it fit, too; the first may also take what is left, if that is worth it. One that the limit could never
    /// hold does not stand in the way of the others, and neither does one that is set aside.
    /// </summary>
    const string Fitting =
        $"""
        with waiting as (
          select w.*, b.limit_usd, coalesce(p.limit_usd - p.spent_usd - p.reserved_usd, b.limit_usd) as room_usd
          from finance.budget_wait w
          left join finance.budget b on b.tenant_id = w.tenant_id and b.scope = w.scope and b.value = w.value and b.period = w.period
          left join finance.budget_period p on p.tenant_id = b.tenant_id and p.scope = b.scope and p.value = b.value and p.period = b.period
            and p.starts_on = finance.period_start(b.period, clock_timestamp())
          where not agents.is_set_aside('{Title}', w.tenant_id, w.run_id::text)
        ), placed as (
          select *,
            sum(wanted_usd) over queue as needed_usd,
            row_number() over queue as place
          from waiting where limit_usd is null or least_usd <= limit_usd
          window queue as (partition by tenant_id, scope, value, period order by since, run_id)
        )
        (select tenant_id as tenant, run_id from placed
         where (resumed_at is null or resumed_at < clock_timestamp() - @begins_within)
           and (limit_usd is null or needed_usd <= room_usd or (place = 1 and least_usd <= room_usd))
         order by since, run_id limit @batch)
        union all
        select null, null where exists (select from finance.budget_wait)
        """;

    public string Name => Title;

    public async Task Round(DutyRound round, CancellationToken ct) => await round.SeeTo(await round.Ask(Fit), GoOn, Pace);

    public Task Wait(CancellationToken ct) => signals.Budgets.Wait(mayWait ? Poll : Seldom, ct);

    async Task<IReadOnlyList<FoundRun>> Fit(CancellationToken ct)
    {
        mayWait = false;
        var waiting = await database.Query<Waiting>(Fitting, new { BeginsWithin, Batch }, ct);
        if (waiting.Count > 0) mayWait = true;
        return [.. from one in waiting where one.RunId is not null select new FoundRun(one.Tenant!, one.RunId!.Value)];
    }

    /// <summary>A run that may go on; the last row has none, and says that runs wait.</summary>
    readonly record struct Waiting(string? Tenant, Guid? RunId);

    public Task GoOn(FoundRun waiting, CancellationToken ct) => waits.GoOn(waiting.Tenant, waiting.RunId, ct);
}
