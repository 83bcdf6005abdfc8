using System.Collections.Concurrent;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>kill -9 of one of the nodes while it holds runs; it is started again at once.</summary>
public sealed class Kills(Every every) : Fault
{
    readonly ConcurrentBag<Kill> kills = [];

    public override string Name => "kills";

    internal override Task Rage(Rig rig) => rig.StrikeNodes(every, stream: 1, async (node, _) =>
    {
        var prefix = node.NamePrefix;
        var hadPeer = rig.Nodes.Any(other => other != node && other.IsReady);
        await node.Kill();
        var at = DateTimeOffset.UtcNow;
        var orphans = await rig.HeldBy(prefix);
        kills.Add(new(at, hadPeer, orphans ?? []));
        Record(orphans is null ? null : orphans.Count > 0);
    });

    /// <summary>From each kill to the next fact of each run that the killed node held.</summary>
    internal async Task<List<Takeover>> Takeovers(Rig rig)
    {
        var takeovers = new List<Takeover>();
        foreach (var kill in kills.Where(kill => kill.Orphans.Count > 0))
        {
            var next = (await rig.Database.TryRows(
                "select min(timestamp) from agents.mt_events where stream_id = any($1) and timestamp > $2 group by stream_id", kill.Orphans.ToArray(), kill.At))!;
            if (next.Count > 0) takeovers.Add(new(kill.HadPeer, [.. next.Select(row => new DateTimeOffset((DateTime)row[0]) - kill.At).Order()]));
        }

        return takeovers;
    }

    /// <param name="Orphans">Runs that the killed node held.</param>
    sealed record Kill(DateTimeOffset At, bool HadPeer, IReadOnlyList<Guid> Orphans);
}
