using System.Diagnostics;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>kill -9 of the primary; up to two seconds later its synchronous standby is promoted. No server is restarted.</summary>
public sealed class Failovers(Every every) : Fault
{
    /// <summary>How soon after the promotion every server must be ready again.</summary>
    static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(2);

    readonly List<TimeSpan> waits = [];

    public override string Name => "failovers";

    /// <summary>From each promotion until every server was ready again.</summary>
    internal IReadOnlyList<TimeSpan> Waits => waits;

    internal override async Task Rage(Rig rig)
    {
        var random = new Random(rig.Play.Seed + 6);
        while (await rig.Waited(every.Next(random)))
        {
            var servers = rig.Database.Replicated!;
            var busy = await rig.Database.TryRows("select 1 from agents.run_queue limit 1");
            await servers.KillPrimary();
            await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 2));
            await servers.Promote();
            var promoted = Stopwatch.StartNew();
            await Task.WhenAll(rig.Nodes.Select(node => node.Server!.Ready()));
            waits.Add(promoted.Elapsed);
            Record(busy is null ? null : busy.Count > 0);
            await servers.AddStandby();
        }
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var lost = (await rig.Database.TryRows("select count(*)::int from agents.mt_events where data ->> 'cause' = 'WorkerLost'"))![0][0];
        return
        [
            .. waits.Where(wait => wait > ReadyWithin).Select(wait => $"The servers were ready only {wait.TotalSeconds:0.0} s after a promotion."),
            .. lost is 0 ? Array.Empty<string>() : [$"{lost} attempts were taken for those of a dead node, and no node died."],
        ];
    }
}
