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
        // A claim whose COMMIT went unanswered is given up by its own node, before anything was asked. What was asked, a living node had under way.
        var asked = rig.Provider.Requests.Select(request => request.Headers.GetValueOrDefault("X-Client-Request-Id")).ToHashSet();
        var lost = (await rig.Database.TryRows(
            """
            select stream_id || '/' || (data->>'call') || '/' || (data->>'attempt') from agents.mt_events
            where type = 'model_call_outcome_unknown' and data ->> 'cause' = 'WorkerLost'
            """))!.Count(row => asked.Contains((string)row[0]));
        return
        [
            .. waits.Where(wait => wait > ReadyWithin).Select(wait => $"The servers were ready only {wait.TotalSeconds:0.0} s after a promotion."),
            .. lost == 0 ? Array.Empty<string>() : [$"{lost} attempts were taken for those of a dead node, and no node died."],
        ];
    }
}
