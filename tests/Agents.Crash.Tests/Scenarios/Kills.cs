using System.Collections.Concurrent;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>kill -9 of one of the nodes while it holds runs; it is started again at once.</summary>
/// <param name="waitsForAll">Each kill waits until all nodes are up, so that its orphans have somewhere to go.</param>
public sealed class Kills(Every every, bool waitsForAll = false) : Fault
{
    readonly ConcurrentBag<Kill> kills = [];

    public override string Name => "kills";

    internal override Task Rage(Rig rig) => rig.StrikeNodes(every, stream: 1, async (node, _) =>
    {
        if (waitsForAll) await rig.UntilAllAreReady();
        var prefix = node.NamePrefix;
        var hadPeer = rig.Nodes.Any(other => other != node && other.IsReady);
        await node.Kill();
        var at = DateTimeOffset.UtcNow;
        var orphans = await rig.HeldBy(prefix);
        if (rig.Nodes.Length == 1) await rig.UntilAllAreReady();
        kills.Add(new(at, rig.Nodes.Length == 1 ? DateTimeOffset.UtcNow : at, hadPeer, orphans ?? []));
        Record(orphans is null ? null : orphans.Count > 0);
    });

    /// <summary>From each kill, or of a single node from its return, to the next fact of each run that the killed node held.</summary>
    internal async Task<List<Takeover>> Takeovers(Rig rig)
    {
        var takeovers = new List<Takeover>();
        foreach (var kill in kills.Where(kill => kill.Orphans.Count > 0))
        {
            var next = (await rig.Database.TryRows(
                "select min(timestamp) from agents.mt_events where stream_id = any($1) and timestamp > $2 group by stream_id", kill.Orphans.ToArray(),
                kill.At))!;
            if (next.Count > 0) takeovers.Add(new(kill.HadPeer, [.. next.Select(row => new DateTimeOffset((DateTime)row[0]) - kill.Since).Order()]));
        }

        return takeovers;
    }

    /// <param name="Since">From when on its orphans could be taken up.</param>
    /// <param name="Orphans">Runs that the killed node held.</param>
    sealed record Kill(DateTimeOffset At, DateTimeOffset Since, bool HadPeer, IReadOnlyList<Guid> Orphans);
}
