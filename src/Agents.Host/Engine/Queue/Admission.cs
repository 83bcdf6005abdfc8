using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// Gives this node's free slots to runs: which ones is chosen in the database, by <c>agents.admit</c>, one node at a time. Woken by signals, at the time
/// the next run is due, and by a slow poll that repairs lost signals.
/// </summary>
public sealed class Admission(
    NpgsqlDataSource database, Node node, Decisions decisions, Redriving redriving, ModelOptions models,
    NodeStore nodes, FreeRunsOfDeadNodes deadNodes, Draining draining, NodeSignals signals, WorkerOptions options, IHostApplicationLifetime host, ILogger<Admission> log) : BackgroundService
{
    /// <summary>Runs begun side by side; one after the other, short runs would wait for admission rather than for a slot.</summary>
    const int AtOnce = 8;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    /// <summary>How long the first round waits until the runs of nodes that are gone are set free.</summary>
    static readonly TimeSpan FirstLookWithin = TimeSpan.FromSeconds(2);

    /// <summary>How often a node that is drained looks for runs that it can hand over.</summary>
    static readonly TimeSpan UntilEmpty = TimeSpan.FromMilliseconds(250);

    readonly SemaphoreSlim beginning = new(AtOnce);

    /// <summary>
    /// Runs that did not begin here and were announced to the other nodes. Announced once per run: otherwise nodes that all fail to start it would pass it
    /// around in a tight loop.
    /// </summary>
    readonly Told givenBack = new();

    /// <summary>Whether this node has taken up what others had left when it started.</summary>
    public bool HasLooked { get; private set; }

    readonly string weights = JsonSerializer.Serialize(options.Weights);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        stoppingToken = stopping.Token; // a node that stops admits nothing, from the first moment
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.UntilDone("Making the node known", () => nodes.Register(node.Name, options.MaxRuns, stoppingToken), log, stoppingToken);
        await Task.WhenAny(deadNodes.HasLooked, Task.Delay(FirstLookWithin, stoppingToken));
        var wait = Poll;
        await Rounds.Forever("Admission", Round, () => signals.Queue.Wait(wait, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            wait = Poll;
            var (next, dueIn, isDrained) = await Next(stoppingToken);
            var begun = next.Select(run => Begin(run.Tenant, run.RunId, run.HasBegun, stoppingToken)).ToList();
            if (!HasLooked) await Task.WhenAll(begun);
            HasLooked = true;
            if (next.Count > 0) signals.WakeAdmissionHere(); // there may be more
            if (dueIn < Poll) wait = dueIn.Value;
            if (await draining.HandOver(isDrained)) wait = UntilEmpty;
        }
    }

    /// <summary>No round waits for it: one run that waits for a row lock keeps no other from its slot.</summary>
    async Task Begin(string tenant, Guid runId, bool hasBegun, CancellationToken ct)
    {
        try
        {
            await beginning.WaitAsync(ct);
            try
            {
                if (hasBegun) await redriving.Redrive(tenant, runId, "taken up", ct);
                else await Admit(tenant, runId, ct);
            }
            finally
            {
                beginning.Release();
            }
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.LogWarning(e, "Run {Run} has a slot and could not go on; it is sent its work again, or gives its slot back", runId);
        }
        catch (OperationCanceledException)
        {
            // The node stops; the node that has the run next begins it.
        }
    }

    /// <summary>The runs that were given a slot here just now, and in what time another is due; null when none is known.</summary>
    async Task<(List<(string Tenant, Guid RunId, bool HasBegun)>, TimeSpan? DueIn, bool IsDrained)> Next(CancellationToken ct)
    {
        var admitted = await database.Query<Admitted>(
            "select tenant, run, has_begun, due_in, is_drained from agents.admit(@node, @slots, @provider, @aging, @weights::jsonb)",
            new { node = node.Name, slots = options.MaxRuns, provider = models.Name, aging = (double)options.AgingSeconds, weights }, ct);
        if (admitted is not [.. var given, { Run: null } last]) throw new InvalidOperationException("agents.admit gave no last row.");

        return (given.ConvertAll(one => (one.Tenant!, one.Run!.Value, one.HasBegun!.Value)),
            last.DueIn is { } seconds ? TimeSpan.FromSeconds(seconds) : null, last.IsDrained!.Value);
    }

    /// <summary>A run that was given a slot; the last row has none, and says the rest.</summary>
    sealed record Admitted(string? Tenant, Guid? Run, bool? HasBegun, double? DueIn, bool? IsDrained);

    /// <summary>The slot is taken; now the run begins. If that fails the slot is given back at once, and if this node cannot do that, by a duty.</summary>
    async Task Admit(string tenant, Guid runId, CancellationToken ct)
    {
        try
        {
            var decision = await decisions.Decide(tenant, runId, (run, agent) =>
            {
                FaultPoint.Hit("before-start-commit");
                return RunDecider.Decide(run, agent, new StartRun(node.Name));
            }, ct);
            if (decision is { Events.Count: > 0 }) FaultPoint.Hit("after-start-commit");
        }
        catch
        {
            await GiveBack(tenant, runId);
            throw;
        }
    }

    async Task GiveBack(string tenant, Guid runId)
    {
        await using var free = database.CreateCommand("update agents.run_queue set node = null where tenant_id = $1 and run_id = $2 and state = 'waiting' and node = $3");
        free.Parameters.Add(new() { Value = tenant });
        free.Parameters.Add(new() { Value = runId });
        free.Parameters.Add(new() { Value = node.Name });
        if (await free.ExecuteNonQueryAsync(CancellationToken.None) > 0 && givenBack.TryAdd(runId)) signals.AnnounceElsewhere(new(runId, MovesTheQueue: true, Ends: false));
    }

    /// <summary>Remembers the last few runs.</summary>
    sealed class Told
    {
        const int Most = 1000;

        readonly HashSet<Guid> runs = [];
        readonly Queue<Guid> order = new();

        /// <returns>False when it is remembered.</returns>
        public bool TryAdd(Guid run)
        {
            lock (runs)
            {
                if (!runs.Add(run)) return false;
                order.Enqueue(run);
                if (order.Count > Most) runs.Remove(order.Dequeue());
                return true;
            }
        }
    }
}
