using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Marten;
using Npgsql;
using Wolverine.Marten;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Lets runs go on that are parked for a budget once it has room: because it was raised or removed, its period turned, or calls cost less than they had
/// reserved. The oldest first, and only as many as there is room for; those let go on keep their place until their call begins.
/// </summary>
public sealed class BudgetWatch(
    IServiceScopeFactory scopes, IDocumentStore store, NpgsqlDataSource database, Node node, Definitions definitions, NodeSignals signals, ILogger<BudgetWatch> log)
    : BackgroundService
{
    /// <summary>Runs let go on in one round: a thousand that wait for one budget do not come back all at once.</summary>
    const int Batch = 50;

    /// <summary>Runs let go on side by side.</summary>
    const int AtOnce = 4;

    /// <summary>A run that was let go on and whose call has not begun after this is looked at again.</summary>
    static readonly TimeSpan BeginsWithin = TimeSpan.FromSeconds(30);

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>How often it looks while no run waits for a budget.</summary>
    static readonly TimeSpan Seldom = TimeSpan.FromSeconds(10);

    volatile bool mayWait = true;

    /// <summary>
    /// A run fits when all that wait before it fit, too; the first may also take what is left, if that is worth it. One that the limit could never hold
    /// does not stand in the way of the others.
    /// </summary>
    const string Fitting =
        """
        with waiting as (
          select w.*, b.limit_usd, coalesce(p.limit_usd - p.spent_usd - p.reserved_usd, b.limit_usd) as room_usd
          from finance.budget_wait w
          left join finance.budget b on b.tenant_id = w.tenant_id and b.scope = w.scope and b.value = w.value and b.period = w.period
          left join finance.budget_period p on p.tenant_id = b.tenant_id and p.scope = b.scope and p.value = b.value and p.period = b.period
            and p.starts_on = finance.period_start(b.period, clock_timestamp())
        ), placed as (
          select *,
            sum(wanted_usd) over queue as needed_usd,
            row_number() over queue as place
          from waiting where limit_usd is null or least_usd <= limit_usd
          window queue as (partition by tenant_id, scope, value, period order by since, run_id)
        )
        (select tenant_id, run_id from placed
         where (resumed_at is null or resumed_at < clock_timestamp() - $1)
           and (limit_usd is null or needed_usd <= room_usd or (place = 1 and least_usd <= room_usd))
         order by since, run_id limit $2)
        union all
        select null, null where exists (select from finance.budget_wait)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        signals.Written += _ => mayWait = true;
        await Rounds.Forever("The budget watch", Round, () => signals.Budgets.Wait(mayWait ? Poll : Seldom, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(await Due(stoppingToken), parallel, async (run, ct) => await GoOn(run.Tenant, run.RunId, ct));
        }
    }

    async Task<List<(string Tenant, Guid RunId)>> Due(CancellationToken ct)
    {
        mayWait = false;
        await using var command = database.CreateCommand(Fitting);
        command.Parameters.Add(new() { Value = BeginsWithin });
        command.Parameters.Add(new() { Value = Batch });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var due = new List<(string, Guid)>();
        while (await rows.ReadAsync(ct))
        {
            mayWait = true;
            if (!rows.IsDBNull(0)) due.Add((rows.GetString(0), rows.GetGuid(1)));
        }

        return due;
    }

    /// <summary>The run's row lock decides between nodes and people: who comes second finds it running, or not waiting any more.</summary>
    async Task GoOn(string tenant, Guid runId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        await using var session = store.LightweightSession(tenant);
        outbox.Enroll(session);

        var decision = await session.Decide(runId, definitions, (run, agent) => RunDecider.Decide(run, agent, new GoOnWithinBudget()), ct);
        if (decision is { Events.Count: > 0 }) await outbox.Send(tenant, decision.Due());
        else session.QueueSqlCommand("delete from finance.budget_wait where tenant_id = ? and run_id = ?", tenant, runId); // it does not wait any more
        await session.SaveChangesAsync(ct);
    }
}
