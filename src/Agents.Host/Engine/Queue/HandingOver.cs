using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Signals;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>What a node does that is drained or stops: it begins nothing, hands over what is not under way, and in the end breaks off what is.</summary>
public sealed class HandingOver(
    INode node, InFlight inFlight, IRunQueue queue, ISignals signals, DatabaseClock clock, WorkerOptions options, ILogger<HandingOver> log)
{
    /// <summary>The share of the time that is kept for storing what was broken off, and the most it may be.</summary>
    const double ShareForStoring = 0.2;

    static readonly TimeSpan MostForStoring = TimeSpan.FromSeconds(3);

    /// <summary>How often a node that stops looks whether anything is still under way.</summary>
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    volatile bool isStopping;
    bool isHandingOver;

    /// <summary>The node stops: from now on it begins nothing.</summary>
    public void Close()
    {
        isStopping = true;
        inFlight.Close();
    }

    /// <summary>Hands over until nothing is under way. What takes longer than it may is broken off, in time for that to be stored.</summary>
    public async Task UntilEmpty()
    {
        var began = clock.GetTimestamp();
        var forStoring = TimeSpan.FromTicks(Math.Min((long)(options.DrainTimeout.Ticks * ShareForStoring), MostForStoring.Ticks));
        var isBrokenOff = false;
        while (true)
        {
            await SetFree();
            if (inFlight.Runs().Count is not (> 0 and var left) || clock.GetElapsedTime(began) > options.DrainTimeout) return;
            if (!isBrokenOff && clock.GetElapsedTime(began) > options.DrainTimeout - forStoring)
            {
                log.LogWarning("{Count} runs have calls that take longer than Workers:DrainTimeout; they are broken off and tried again elsewhere", left);
                inFlight.BreakOff();
                isBrokenOff = true;
            }

            await Task.Delay(Every, clock, CancellationToken.None);
        }
    }

    /// <summary>What a node does that is drained and lives on. Does nothing on a node that is not.</summary>
    /// <returns>Whether there may be more to hand over.</returns>
    public async Task<bool> HandOver(bool isDrained)
    {
        if (!isDrained)
        {
            if (isHandingOver && !isStopping) inFlight.Open();
            return isHandingOver = false;
        }

        isHandingOver = true;
        inFlight.Close();
        await SetFree();
        return inFlight.Runs().Count > 0;
    }

    /// <summary>Runs of this node with nothing in flight are free for other nodes now.</summary>
    async Task SetFree()
    {
        try
        {
            foreach (var runId in await queue.SetFree(node.Name, inFlight.Runs())) signals.Announce(new(runId, MovesTheQueue: true, Ends: false));
        }
        catch (NpgsqlException away)
        {
            log.LogWarning("Runs are not set free yet; the next round, or another node, does it: {Reason}", away.Message);
        }
    }
}
