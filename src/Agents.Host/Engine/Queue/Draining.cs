using System.Diagnostics;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Signals;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// How a node stops. It begins nothing new; runs with nothing in flight here are set free at once for other nodes, or for its next start; calls under way
/// may end within <see cref="WorkerOptions.DrainTimeout"/>; what is still under way then is broken off and booked as unknown, for another attempt.
/// </summary>
/// <remarks>All of it happens while messages and database still work, before anything else is told to stop.</remarks>
public sealed class Draining(
    IHostApplicationLifetime host, Node node, InFlight inFlight, NpgsqlDataSource database, NodeSignals signals, WorkerOptions options, ILogger<Draining> log)
    : BackgroundService
{
    /// <summary>The share of the time that is kept for storing what was broken off, and the most it may be.</summary>
    const double ShareForStoring = 0.2;

    static readonly TimeSpan MostForStoring = TimeSpan.FromSeconds(3);
    bool isHandingOver;

    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = host.ApplicationStopping.Register(() =>
        {
            inFlight.Close();
            stopping.TrySetResult();
        });
        await stopping.Task;

        var began = Stopwatch.GetTimestamp();
        var forStoring = TimeSpan.FromTicks(Math.Min((long)(options.DrainTimeout.Ticks * ShareForStoring), MostForStoring.Ticks));
        var isBrokenOff = false;
        while (true)
        {
            await SetFree();
            if (inFlight.Runs().Count is not (> 0 and var left) || Stopwatch.GetElapsedTime(began) > options.DrainTimeout) break;
            if (!isBrokenOff && Stopwatch.GetElapsedTime(began) > options.DrainTimeout - forStoring)
            {
                log.LogWarning("{Count} runs have calls that take longer than Workers:DrainTimeout; they are broken off and tried again elsewhere", left);
                inFlight.BreakOff();
                isBrokenOff = true;
            }

            await Task.Delay(Look, CancellationToken.None);
        }
    }

    /// <summary>
    /// What a node does while it is drained and lives on: it begins nothing, and hands over what is not under way. Does nothing on a node that is not.
    /// </summary>
    /// <returns>Whether there may be more to hand over.</returns>
    public async Task<bool> HandOver(bool isDrained)
    {
        if (!isDrained)
        {
            if (isHandingOver && !host.ApplicationStopping.IsCancellationRequested) inFlight.Open();
            return isHandingOver = false;
        }

        isHandingOver = true;
        inFlight.Close();
        await SetFree();
        return inFlight.Runs().Count > 0;
    }

    /// <summary>Runs of this node with nothing in flight belong to nobody now.</summary>
    async Task SetFree()
    {
        try
        {
            await using var free = database.CreateCommand(
                "update agents.run_queue set node = null where state <> 'settling' and node = $1 and run_id <> all($2) returning run_id");
            free.Parameters.Add(new() { Value = node.Name });
            free.Parameters.Add(new() { Value = inFlight.Runs().ToArray() });
            await using var runs = await free.ExecuteReaderAsync();
            while (await runs.ReadAsync()) signals.Announce(new(runs.GetGuid(0), MovesTheQueue: true, Ends: false));
        }
        catch (NpgsqlException away)
        {
            log.LogWarning("Runs are set free when the database is back, by other nodes: {Reason}", away.Message);
        }
    }
}
