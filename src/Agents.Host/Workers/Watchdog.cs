using Agents.Domain.Runs;
using Agents.Host.Streaming;
using Marten;
using Npgsql;

namespace Agents.Host.Workers;

/// <summary>
/// Sees to it that every running run is worked on. It sets the runs of nodes that are gone free for admission, ends runs that took too long, denies what nobody approved in time, sends the
/// work of a run again whose messages were lost, and aborts calls of runs that were ended on another node. A repeated look, not an action at start-up.
/// </summary>
public sealed class Watchdog(
    IDocumentStore store, NpgsqlDataSource database, Node node, InFlight inFlight, Decisions decisions, Redriving redriving,
    Signals signals, WorkerOptions options, ILogger<Watchdog> log) : BackgroundService
{
    /// <summary>Runs looked after in one round.</summary>
    const int Batch = 200;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.Forever("The watchdog", Round, () => Task.Delay(options.WatchdogEvery, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            await SetFree(stoppingToken);
            foreach (var (tenant, runId) in await Stalled(stoppingToken)) await redriving.Redrive(tenant, runId, "stalled", stoppingToken);
            foreach (var (tenant, runId) in await HeldBack(stoppingToken)) await redriving.Redrive(tenant, runId, "held back", stoppingToken);
            foreach (var (tenant, message) in inFlight.Unreported(options.StalledAfter)) await redriving.Send(tenant, [new(message, TimeSpan.Zero)]);
            foreach (var (tenant, runId, deadline) in await Overdue(stoppingToken))
                await decisions.Decide(tenant, runId, (run, agent) => RunDecider.Decide(run, agent, new ExpireRun(deadline)), stoppingToken);
            foreach (var (tenant, runId) in await Unapproved(stoppingToken)) await Deny(tenant, runId, stoppingToken);
            foreach (var (tenant, runId) in await Settling(stoppingToken)) await Settle(tenant, runId, stoppingToken);
            foreach (var (_, runId) in await EndedElsewhere(stoppingToken)) inFlight.Abort(runId);
        }
    }

    /// <summary>The runs of nodes that are gone belong to nobody now; whoever has a free slot takes them up.</summary>
    async Task SetFree(CancellationToken ct)
    {
        var nodes = new List<string>();
        await using (var command = database.CreateCommand("select distinct node from agents.run_queue where state = 'running' and node is not null"))
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct)) nodes.Add(rows.GetString(0));

        var gone = await node.Gone(nodes, ct);
        if (gone.Count == 0) return;

        await using var free = database.CreateCommand("update agents.run_queue set node = null where state = 'running' and node = any($1)");
        free.Parameters.Add(new() { Value = gone.ToArray() });
        log.LogWarning("{Count} runs are left by {Nodes}, which are gone", await free.ExecuteNonQueryAsync(ct), gone);
        signals.RingQueue();
    }

    /// <summary>Runs of this node without a new fact for a while and with nothing being performed here.</summary>
    async Task<List<(string Tenant, Guid RunId)>> Stalled(CancellationToken ct)
    {
        var runs = await Runs(
            """
            update agents.run_queue q set redriven_at = clock_timestamp()
            where (q.tenant_id, q.run_id) in (
              select w.tenant_id, w.run_id from agents.run_queue w join agents.mt_streams s on s.tenant_id = w.tenant_id and s.id = w.run_id
              where w.state = 'running' and w.node = $1
                and w.redriven_at < clock_timestamp() - $2 and s.timestamp < clock_timestamp() - $2
              limit $3 for update of w skip locked)
            returning q.tenant_id, q.run_id
            """, [node.Name, options.StalledAfter, Batch], ct);
        return [.. runs.Where(run => !inFlight.IsPerforming(run.RunId))];
    }

    /// <summary>Runs of this node that kept their slot for other work while a retry was held back, whose time has come.</summary>
    Task<List<(string Tenant, Guid RunId)>> HeldBack(CancellationToken ct) => Runs(
        """
        update agents.run_queue set redriven_at = clock_timestamp()
        where state = 'running' and node = $1 and not_before <= clock_timestamp() and redriven_at < not_before
        returning tenant_id, run_id
        """, [node.Name], ct);

    /// <summary>With the deadline that the caller set, where that has passed.</summary>
    async Task<List<(string Tenant, Guid RunId, DateTimeOffset? Deadline)>> Overdue(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select q.tenant_id, q.run_id, case when s.deadline_at < clock_timestamp() then s.deadline_at end
            from agents.run_queue q left join agents.run_summary s on s.tenant_id = q.tenant_id and s.run_id = q.run_id
            where q.state <> 'settling' and q.deadline_at < clock_timestamp() limit $1
            """);
        command.Parameters.Add(new() { Value = Batch });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var runs = new List<(string, Guid, DateTimeOffset?)>();
        while (await rows.ReadAsync(ct)) runs.Add((rows.GetString(0), rows.GetGuid(1), rows.IsDBNull(2) ? null : rows.GetFieldValue<DateTimeOffset>(2)));
        return runs;
    }

    Task<List<(string Tenant, Guid RunId)>> Unapproved(CancellationToken ct) => Runs(
        "select tenant_id, run_id from agents.run_queue where state = 'running' and approve_by < clock_timestamp() limit $1", [Batch], ct);

    Task<List<(string Tenant, Guid RunId)>> Settling(CancellationToken ct) => Runs(
        "select tenant_id, run_id from agents.run_queue where state = 'settling' order by since limit $1", [Batch], ct);

    /// <summary>A run that stands still or has ended: forgotten here once no attempt is open; an attempt of a worker that is gone is reported lost.</summary>
    async Task Settle(string tenant, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var run = await session.LoadAsync<Run>(runId, ct);
        var workers = run?.WorkersOfOpenAttempts().ToList() ?? [];
        if (workers.Count == 0)
        {
            await using var forget = database.CreateCommand("delete from agents.run_queue where tenant_id = $1 and run_id = $2 and state = 'settling'");
            forget.Parameters.Add(new() { Value = tenant });
            forget.Parameters.Add(new() { Value = runId });
            await forget.ExecuteNonQueryAsync(ct);
        }
        else if ((await node.Gone(workers, ct)).Count > 0 || (workers.Contains(node.Name) && !inFlight.IsPerforming(runId)))
        {
            await redriving.Redrive(tenant, runId, "left with an open attempt", ct);
        }
    }

    /// <summary>Runs with something in flight here that were ended on another node, which cannot reach the call.</summary>
    async Task<List<(string Tenant, Guid RunId)>> EndedElsewhere(CancellationToken ct) => inFlight.Runs() is { Count: > 0 } runs
        ? await Runs("select tenant_id, run_id from agents.run_summary where run_id = any($1) and status in ('cancelled', 'failed')", [runs.ToArray()], ct)
        : [];

    /// <summary>What a person did not answer in time is denied; then the time is over, whether anything was still waiting or not.</summary>
    async Task Deny(string tenant, Guid runId, CancellationToken ct)
    {
        await decisions.Decide(tenant, runId, (run, agent) => RunDecider.Decide(run, agent, new ExpireApprovals()), ct);
        await Runs(
            "update agents.run_queue set approve_by = null where tenant_id = $1 and run_id = $2 and approve_by < clock_timestamp() returning tenant_id, run_id",
            [tenant, runId], ct);
    }

    async Task<List<(string Tenant, Guid RunId)>> Runs(string sql, object[] values, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var runs = new List<(string, Guid)>();
        while (await rows.ReadAsync(ct)) runs.Add((rows.GetString(0), rows.GetGuid(1)));
        return runs;
    }
}
