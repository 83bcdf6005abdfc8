using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>SIGTERM to one node after the other while calls are in flight.</summary>
/// <param name="outlasting">The share of calls that take longer than a stopping node waits, 0 to 1. With 0 no call may be repeated.</param>
public sealed class RollingRestarts(Play play, double outlasting) : Fault
{
    static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly Every Pause = new(1, 2);

    readonly TimeSpan drain = TimeSpan.FromSeconds(outlasting > 0 ? 3 : 10);
    readonly Random random = new(play.Seed + 8);
    readonly List<string> problems = [];

    public override string Name => "restarts";

    public override IEnumerable<(string Name, string Value)> Settings(int node) => [("Workers__DrainTimeout", drain.ToString("c"))];

    public override FakeReply? Reply(FakeRequest request) => FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with
    {
        Delay = TimeSpan.FromMilliseconds(random.NextDouble() < outlasting ? random.Next(3000, 6000) : random.Next(50, 500)),
    };

    internal override async Task Rage(Rig rig)
    {
        for (var turn = 0; await rig.Waited(Pause.Next(random)); turn++)
        {
            var node = rig.Nodes[turn % rig.Nodes.Length];
            await Rig.Until(() => rig.Nodes.All(one => one.IsReady), Patience, "The nodes do not start again.");
            var hadRuns = await rig.UntilItHoldsRuns(node, Patience);
            var server = node.Server;
            if (await node.Terminate(Patience) is not { } took)
                problems.Add($"A server did not end within {Patience.TotalSeconds} s of SIGTERM.\n{server?.Output}");
            else if (took > drain + ToEnd) problems.Add($"A server took {took.TotalSeconds:0.0} s to end after SIGTERM.\n{server?.Output}");
            Record(hadRuns);
        }
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        if (outlasting > 0) return problems;

        var repeated = await rig.Database.TryRows("select stream_id from agents.mt_events where type = 'model_call_outcome_unknown'");
        return repeated is { Count: > 0 }
            ? [.. problems, $"{repeated.Count} calls were broken off and repeated, such as of run {repeated[0][0]}."] : problems;
    }
}
