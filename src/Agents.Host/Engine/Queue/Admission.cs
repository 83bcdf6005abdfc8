using System.Text.Json;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// Gives this node's free slots to runs: which ones is chosen in the database, by <c>agents.admit</c>, one node at a time. Woken by signals, at the
/// time the next run is due, by the watchdog when it sees runs that are ready, and by a slow poll.
/// </summary>
public sealed class Admission(
    NpgsqlDataSource database, Node node, Beginning beginning, ModelProviders models, NodeStore nodes, FreeRunsOfDeadNodes deadNodes,
    HandingOver handingOver, NodeSignals signals, WorkerOptions options, IHostApplicationLifetime host, ILogger<Admission> log) : BackgroundService
{
    /// <summary>Runs begun side by side; one after the other, short runs would wait for admission rather than for a slot.</summary>
    const int AtOnce = 8;

    /// <summary>Runs of a class that <c>agents.admit</c> looks at in one call; when it has given fewer, all that were ready have been looked at.</summary>
    const int MostOfAClass = 16;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(15);

    /// <summary>How long the first round waits until the runs of nodes that are gone are set free, so that they go before runs that have not begun.</summary>
    static readonly TimeSpan FirstLookWithin = TimeSpan.FromSeconds(2);

    /// <summary>How long after its start a node forgets others that are gone: it must know them as long as it looks for their runs.</summary>
    static readonly TimeSpan ForgetsAfter = TimeSpan.FromMinutes(1);

    /// <summary>How often a node that is drained looks for runs that it can hand over.</summary>
    static readonly TimeSpan UntilEmpty = TimeSpan.FromMilliseconds(250);

    readonly SemaphoreSlim turns = new(AtOnce);

    /// <summary>Completes when this node has taken up the runs that nodes which are gone had left when it started.</summary>
    public Task HasLooked => looked.Task;

    readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    readonly string weights = JsonSerializer.Serialize(options.Weights);
    readonly string[] entries = models.Names;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        stoppingToken = stopping.Token; // a node that stops admits nothing, from the first moment
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.UntilDone("Making the node known", () => nodes.Register(node.Name, options.MaxRuns, stoppingToken), log, stoppingToken);
        await Task.WhenAny(deadNodes.HasLooked, Task.Delay(FirstLookWithin, stoppingToken));
        var wait = Poll;
        await Task.WhenAll(
            Rounds.UntilDone("Forgetting nodes that are gone", ForgetGone, log, stoppingToken),
            Rounds.Forever("Admission", Round, () => signals.Queue.Wait(wait, stoppingToken), log, stoppingToken));

        async Task ForgetGone()
        {
            await Task.Delay(ForgetsAfter, stoppingToken);
            await nodes.ForgetGone(node, stoppingToken);
        }

        async Task Round()
        {
            wait = Poll;
            var (next, dueIn, isDrained) = await Next(stoppingToken);
            var begun = next.Select(run => Begin(run.Tenant, run.RunId, run.HasBegun, stoppingToken)).ToList();
            if (!HasLooked.IsCompleted) await Task.WhenAll(begun);
            looked.TrySetResult();
            if (next.Count >= MostOfAClass) signals.WakeAdmissionHere(); // there may be more
            if (dueIn < Poll) wait = dueIn.Value;
            if (await handingOver.HandOver(isDrained)) wait = UntilEmpty;
        }
    }

    /// <summary>The loop does not wait for it: a run that waits for a row lock keeps no other run from its slot.</summary>
    async Task Begin(string tenant, Guid runId, bool hasBegun, CancellationToken ct)
    {
        try
        {
            await turns.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return; // the node stops; the node that has the run next begins it
        }

        try
        {
            await beginning.Begin(tenant, runId, hasBegun, ct);
        }
        finally
        {
            turns.Release();
        }
    }

    /// <summary>The runs that were given a slot here just now, and in what time another is due; null when none is known.</summary>
    async Task<(List<(string Tenant, Guid RunId, bool HasBegun)>, TimeSpan? DueIn, bool IsDrained)> Next(CancellationToken ct)
    {
        var admitted = await database.Query<Admitted>(
            "select tenant, run, has_begun, due_in, is_drained from agents.admit(@node, @slots, @provider, @aging, @weights::jsonb, @entries)",
            new
            {
                node = node.Name,
                slots = options.MaxRuns,
                provider = models.Main.Name,
                aging = (double)options.AgingSeconds,
                weights,
                entries,
            }, ct);
        if (admitted is not [.. var given, { Run: null } last]) throw new InvalidOperationException("agents.admit gave no last row.");

        return (given.ConvertAll(one => (one.Tenant!, one.Run!.Value, one.HasBegun!.Value)),
            last.DueIn is { } seconds ? TimeSpan.FromSeconds(seconds) : null, last.IsDrained!.Value);
    }

    /// <summary>A run that was given a slot; the last row has none, and says the rest.</summary>
    sealed record Admitted(string? Tenant, Guid? Run, bool? HasBegun, double? DueIn, bool? IsDrained);
}
