using Agents.Domain.Runs;
using Agents.Host.Streaming;
using Npgsql;

namespace Agents.Host.Workers;

/// <summary>
/// Gives this node's free slots to runs: first to those that had begun and belong to nobody, resumed or left by a node that is gone, then to waiting ones;
/// the most urgent first, then the oldest. Woken by signals, and by a slow poll that repairs lost ones.
/// </summary>
public sealed class Admission(
    NpgsqlDataSource database, Node node, Decisions decisions, Redriving redriving,
    Signals signals, WorkerOptions options, IHostApplicationLifetime host, ILogger<Admission> log) : BackgroundService
{
    /// <summary>Runs admitted side by side; one after the other, short runs would wait for admission rather than for a slot.</summary>
    const int AtOnce = 8;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        stoppingToken = stopping.Token; // a node that stops admits nothing, from the first moment
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.Forever("Admission", Round, () => signals.Queue.Ring(Poll, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            var next = await Next(stoppingToken);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(next, parallel, async (run, ct) =>
            {
                if (run.HasBegun) await TakeOver(run.Tenant, run.RunId, ct);
                else await Admit(run.Tenant, run.RunId, ct);
            });
        }
    }

    /// <summary>As many runs without a slot as there are free slots here.</summary>
    async Task<List<(string Tenant, Guid RunId, bool HasBegun)>> Next(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            with slots as (select greatest(0, $1 - count(*)) as free from agents.run_queue where state = 'running' and node = $2)
            select tenant_id, run_id, has_begun from (
              (select tenant_id, run_id, true as has_begun, priority, since from agents.run_queue where state = 'running' and node is null
                 and waits_for is null and (not_before is null or not_before <= clock_timestamp())
               order by priority desc, since, run_id limit (select free from slots))
              union all
              (select tenant_id, run_id, false, priority, since from agents.run_queue q where state = 'waiting'
                 and waits_for is null and (not_before is null or not_before <= clock_timestamp())
                 and (after_run is null or exists (
                   select from agents.run_summary s where s.tenant_id = q.tenant_id and s.run_id = q.after_run and s.finished_at is not null))
               order by priority desc, since, run_id limit (select free from slots))) homeless
            order by has_begun desc, priority desc, since, run_id limit (select free from slots)
            """);
        command.Parameters.Add(new() { Value = options.MaxRuns });
        command.Parameters.Add(new() { Value = node.Name });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var next = new List<(string, Guid, bool)>();
        while (await rows.ReadAsync(ct)) next.Add((rows.GetString(0), rows.GetGuid(1), rows.GetBoolean(2)));
        return next;
    }

    /// <summary>The row decides between nodes: the second finds it taken.</summary>
    async Task TakeOver(string tenant, Guid runId, CancellationToken ct)
    {
        await using var take = database.CreateCommand(
            """
            update agents.run_queue set node = $1, redriven_at = clock_timestamp()
            where tenant_id = $2 and run_id = $3 and state = 'running' and node is null
              and waits_for is null and (not_before is null or not_before <= clock_timestamp())
            """);
        take.Parameters.Add(new() { Value = node.Name });
        take.Parameters.Add(new() { Value = tenant });
        take.Parameters.Add(new() { Value = runId });
        if (await take.ExecuteNonQueryAsync(ct) > 0) await redriving.Redrive(tenant, runId, "taken over", ct);
    }

    /// <summary>The run's row lock decides between nodes: the second finds it running, and decides nothing.</summary>
    async Task Admit(string tenant, Guid runId, CancellationToken ct)
    {
        var decision = await decisions.Decide(tenant, runId, (run, agent) =>
        {
            FaultPoint.Hit("before-start-commit");
            return RunDecider.Decide(run, agent, new StartRun(node.Name));
        }, ct);
        if (decision is { Events.Count: > 0 }) FaultPoint.Hit("after-start-commit");
    }
}
