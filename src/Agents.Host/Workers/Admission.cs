using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Streaming;
using Marten;
using Npgsql;
using Wolverine.Marten;

namespace Agents.Host.Workers;

/// <summary>Starts waiting runs while this node has free slots: the most urgent first, then the oldest. Woken by signals, and by a slow poll that repairs lost ones.</summary>
public sealed class Admission(
    IServiceScopeFactory scopes, IDocumentStore store, NpgsqlDataSource database, Node node, Definitions definitions,
    Signals signals, WorkerOptions options, ILogger<Admission> log) : BackgroundService
{
    /// <summary>Runs admitted side by side; one after the other, short runs would wait for admission rather than for a slot.</summary>
    const int AtOnce = 8;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.Forever("Admission", Round, () => signals.Queue.Ring(Poll, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            var waiting = await Waiting(stoppingToken);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(waiting, parallel, async (run, ct) => await Admit(run.Tenant, run.RunId, ct));
        }
    }

    /// <summary>As many waiting runs as there are free slots here.</summary>
    async Task<List<(string Tenant, Guid RunId)>> Waiting(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select tenant_id, run_id from agents.run_queue where state = 'waiting'
            order by priority desc, since, run_id
            limit greatest(0, $1 - (select count(*) from agents.run_queue where state = 'running' and node = $2))
            """);
        command.Parameters.Add(new() { Value = options.MaxRuns });
        command.Parameters.Add(new() { Value = node.Name });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var waiting = new List<(string, Guid)>();
        while (await rows.ReadAsync(ct)) waiting.Add((rows.GetString(0), rows.GetGuid(1)));
        return waiting;
    }

    /// <summary>The run's row lock decides between nodes: the second finds it running, and decides nothing.</summary>
    async Task Admit(string tenant, Guid runId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        await using var session = store.LightweightSession(tenant);
        outbox.Enroll(session);

        var decision = await session.Decide(runId, definitions, (run, agent) => RunDecider.Decide(run, agent, new StartRun(node.Name)), ct);
        if (decision is not { Events.Count: > 0 }) return;

        await outbox.Send(tenant, decision.Work());
        FaultPoint.Hit("before-start-commit");
        await session.SaveChangesAsync(ct);
        FaultPoint.Hit("after-start-commit");
    }
}
