using System.Runtime.CompilerServices;
using Agents.Host.Runs;

namespace Agents.Host.Streaming;

/// <summary>Reads a run's log and goes on reading as it grows, to its terminal fact.</summary>
public sealed class RunFollower(RunReader runs, Signals signals)
{
    /// <summary>How often a quiet stream sends a comment, so that proxies keep it open.</summary>
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Repairs signals of other nodes, which do not reach this process.</summary>
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>Facts held in memory for one reader.</summary>
    const int PageSize = 200;

    static readonly HashSet<string> Terminal = ["run_completed", "run_failed", "run_cancelled"];

    /// <summary>The facts after a version, then live; null marks a quiet stretch. Ends after the terminal fact, late bills included if they are there.</summary>
    public async IAsyncEnumerable<EventView?> Follow(string tenant, Guid runId, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        using var following = signals.Follow(runId); // before the first read, or what is written in between is missed
        var quiet = TimeSpan.Zero;
        var hasEnded = after > 0 && await runs.EndVersion(tenant, runId, ct) <= after; // a reader that comes back must not wait for another end
        while (true)
        {
            var page = await runs.Events(tenant, runId, after, PageSize, ct);
            foreach (var stored in page)
            {
                (after, quiet) = (stored.Version, TimeSpan.Zero);
                hasEnded |= Terminal.Contains(stored.Type);
                yield return stored;
            }

            if (page.Count == PageSize) continue;
            if (hasEnded) yield break;
            if (await following.Wait(Poll, ct)) continue;

            quiet += Poll;
            if (quiet < Heartbeat) continue;
            quiet = TimeSpan.Zero;
            yield return null;
        }
    }
}
