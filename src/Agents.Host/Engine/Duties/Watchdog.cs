using System.Diagnostics;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Sees to it that every running run is worked on. It sets the runs of nodes that are gone free for admission, ends runs that took too long, denies what nobody approved in time, sends the
/// work of a run again whose messages were lost, and aborts calls of runs that were ended on another node. A repeated look, not an action at start-up.
/// </summary>
public sealed class Watchdog(
    IDocumentStore store, NpgsqlDataSource database, Node node, InFlight inFlight, Decisions decisions, Redriving redriving,
    NodeSignals signals, WorkerOptions options, ILogger<Watchdog> log) : BackgroundService
{
    /// <summary>Runs of a kind looked after in one round.</summary>
    const int Batch = 200;

    /// <summary>How often it looks while there is nothing to look after, and how often at a run that has ended and is not settled.</summary>
    static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);

    readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile bool mayHaveWork = true;

    /// <summary>Completes when the runs of nodes that are gone were set free for the first time.</summary>
    public Task HasLooked => looked.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        signals.Written += _ => mayHaveWork = true;
        var last = Stopwatch.StartNew();
        await Rounds.Forever("The watchdog", Round, () => Task.Delay(options.WatchdogEvery, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            if (!mayHaveWork && last.Elapsed < Seldom) return;
            last.Restart();
            mayHaveWork = false;
            var found = (await Look(stoppingToken)).ToLookup(row => row.What);
            await SetFree([.. found["node"].Select(row => row.Node!)], stoppingToken);
            looked.TrySetResult();
            foreach (var run in found["stalled"])
                if (!inFlight.IsPerforming(run.RunId)) await redriving.Redrive(run.Tenant, run.RunId, "stalled", stoppingToken);
            foreach (var run in found["held back"]) await redriving.Redrive(run.Tenant, run.RunId, "held back", stoppingToken);
            foreach (var (tenant, message) in inFlight.Unreported(options.StalledAfter)) await redriving.Send(tenant, [new(message, TimeSpan.Zero)]);
            foreach (var run in found["overdue"]) await Expire(run.Tenant, run.RunId, stoppingToken);
            foreach (var run in found["unapproved"]) await Deny(run.Tenant, run.RunId, stoppingToken);
            foreach (var tenant in found["settling"].GroupBy(run => run.Tenant, run => run.RunId)) await Settle(tenant.Key, [.. tenant], stoppingToken);
            foreach (var (tenant, child) in await LeftChildren(stoppingToken)) await SeeTo(tenant, child, stoppingToken);
            foreach (var (_, runId) in await EndedElsewhere(stoppingToken)) inFlight.Abort(runId);
            if (found.Contains("unstarted")) signals.WakeAdmissionHere();
            mayHaveWork |= found.Contains("node") || found.Contains("settling") || found.Contains("soon") || inFlight.Runs().Count > 0;
        }
    }

    /// <summary>
    /// Everything that may want looking after, in one question: the nodes that have runs; runs of this node without a new fact for a while; runs of this node
    /// that kept their slot for other work while a retry was held back, whose time has come; runs whose slot was taken and that never began; runs over their
    /// time; calls over theirs for approval; runs that have ended or stand still; and whether any of the last three kinds comes soon.
    /// </summary>
    async Task<List<Found>> Look(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            with stalled as (
              update agents.run_queue q set redriven_at = clock_timestamp()
              where (q.tenant_id, q.run_id) in (
                select w.tenant_id, w.run_id from agents.run_queue w join agents.mt_streams s on s.tenant_id = w.tenant_id and s.id = w.run_id
                where w.state = 'running' and w.node = $1
                  and w.redriven_at < clock_timestamp() - $2 and s.timestamp < clock_timestamp() - $2
                limit $3 for update of w skip locked)
              returning q.tenant_id, q.run_id),
            held_back as (
              update agents.run_queue set redriven_at = clock_timestamp()
              where state = 'running' and node = $1 and not_before <= clock_timestamp() and redriven_at < not_before
              returning tenant_id, run_id),
            unstarted as (
              update agents.run_queue set node = null where state = 'waiting' and node = $1 and redriven_at < clock_timestamp() - $2
              returning tenant_id, run_id),
            settling as (
              update agents.run_queue q set redriven_at = clock_timestamp()
              where (q.tenant_id, q.run_id) in (
                select w.tenant_id, w.run_id from agents.run_queue w where w.state = 'settling' and w.redriven_at < clock_timestamp() - $4
                order by w.since limit $3 for update of w skip locked)
              returning q.tenant_id, q.run_id)
            select 'node', null, null, node from (select distinct node from agents.run_queue where node is not null and state <> 'settling') n
            union all select 'stalled', tenant_id, run_id, null from stalled
            union all select 'held back', tenant_id, run_id, null from held_back
            union all select 'unstarted', tenant_id, run_id, null from unstarted
            union all (select 'overdue', tenant_id, run_id, null from agents.run_queue where state <> 'settling' and deadline_at < clock_timestamp() limit $3)
            union all (select 'unapproved', tenant_id, run_id, null from agents.run_queue where state = 'running' and approve_by < clock_timestamp() limit $3)
            union all select 'settling', tenant_id, run_id, null from settling
            union all (select 'soon', null, null, null where exists (select from agents.run_queue where state = 'settling')
              or exists (select from agents.run_queue where approve_by is not null))
            """);
        foreach (var value in new object[] { node.Name, options.StalledAfter, Batch, Seldom }) command.Parameters.Add(new() { Value = value });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<Found>();
        while (await rows.ReadAsync(ct))
            found.Add(new(
                rows.GetString(0), rows.IsDBNull(1) ? "" : rows.GetString(1), rows.IsDBNull(2) ? Guid.Empty : rows.GetGuid(2), rows.IsDBNull(3) ? null : rows.GetString(3)));
        return found;
    }

    /// <summary>With the deadline that its caller set, where that has passed.</summary>
    async Task Expire(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select deadline_at from agents.run_summary where tenant_id = $1 and run_id = $2 and deadline_at < clock_timestamp()");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        var deadline = await command.ExecuteScalarAsync(ct) is DateTime at ? new DateTimeOffset(at) : (DateTimeOffset?)null;
        await decisions.Decide(tenant, runId, (run, agent) => RunDecider.Decide(run, agent, new ExpireRun(deadline)), ct);
    }

    /// <summary>The runs of nodes that are gone belong to nobody now; whoever has a free slot takes them up.</summary>
    async Task SetFree(IReadOnlyList<string> nodes, CancellationToken ct)
    {
        var gone = await node.Gone(nodes, ct);
        if (gone.Count == 0) return;

        await using var free = database.CreateCommand("update agents.run_queue set node = null where state <> 'settling' and node = any($1)");
        free.Parameters.Add(new() { Value = gone.ToArray() });
        log.LogWarning("{Count} runs are left by {Nodes}, which are gone", await free.ExecuteNonQueryAsync(ct), gone);
        signals.WakeAdmissionHere();
    }

    /// <summary>Runs that stand still or have ended: forgotten here once no attempt is open; an attempt of a worker that is gone is reported lost.</summary>
    async Task Settle(string tenant, Guid[] runs, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var found = (await session.LoadManyAsync<Run>(ct, runs)).ToDictionary(run => run.Id, run => run.WorkersOfOpenAttempts().ToList());
        var settled = runs.Where(runId => found.GetValueOrDefault(runId) is null or { Count: 0 }).ToArray();
        if (settled.Length > 0)
            await Runs(
                "delete from agents.run_queue where tenant_id = $1 and run_id = any($2) and state = 'settling' returning tenant_id, run_id", [tenant, settled], ct);

        var gone = await node.Gone([.. found.Values.SelectMany(workers => workers)], ct);
        foreach (var (runId, workers) in found)
            if (workers.Any(gone.Contains) || (workers.Contains(node.Name) && !inFlight.IsPerforming(runId)))
                await redriving.Redrive(tenant, runId, "left with an open attempt", ct);
    }

    /// <summary>Runs with something in flight here that were ended on another node, which cannot reach the call.</summary>
    async Task<List<(string Tenant, Guid RunId)>> EndedElsewhere(CancellationToken ct) => inFlight.Runs() is { Count: > 0 } runs
        ? await Runs("select tenant_id, run_id from agents.run_summary where run_id = any($1) and status in ('cancelled', 'failed')", [runs.ToArray()], ct)
        : [];

    /// <summary>Children whose message to or from the parent may be lost: ended, and the parent still waits; or going on, and the parent has ended.</summary>
    Task<List<(string Tenant, Guid RunId)>> LeftChildren(CancellationToken ct) => Runs(
        """
        with waiting as (
          update agents.run_queue q set redriven_at = clock_timestamp()
          where (q.tenant_id, q.run_id) in (
            select w.tenant_id, w.run_id from agents.run_queue w where w.waits_for = 'child' and w.redriven_at < clock_timestamp() - $1
            order by w.redriven_at limit $2 for update skip locked)
          returning q.tenant_id, q.run_id
        )
        select c.tenant_id, c.run_id from waiting w join agents.run_summary c on c.tenant_id = w.tenant_id and c.parent = w.run_id where c.finished_at is not null
        union all
        (select c.tenant_id, c.run_id from agents.run_summary c join agents.run_summary p on p.tenant_id = c.tenant_id and p.run_id = c.parent
         where c.parent is not null and c.finished_at is null and p.status in ('failed', 'cancelled') and p.finished_at < clock_timestamp() - $1 limit $2)
        """, [options.StalledAfter, Batch], ct);

    async Task SeeTo(string tenant, Guid child, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        if (await session.LoadAsync<Run>(child, ct) is not { ChildOf: { } parent } run) return;
        await redriving.Send(tenant, [new(run.IsFinished() ? parent.Notice() : new EndChild(child, parent.Run), TimeSpan.Zero)]);
    }

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

    /// <param name="What">Why it was found.</param>
    /// <param name="Node">Only when a node was found.</param>
    readonly record struct Found(string What, string Tenant, Guid RunId, string? Node);
}
