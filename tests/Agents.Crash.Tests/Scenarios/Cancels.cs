using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>Runs are queued at a steady rate and cancelled at a random moment, at whichever node.</summary>
public sealed class Cancels : Fault
{
    static readonly Every Life = new(0, 1.5);

    /// <summary>From the cancel to the outcome of what was in flight.</summary>
    static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(15);

    readonly Random delays = new(1);

    public override string Name => "cancels";

    public override bool Drives => true;

    public override FakeReply? Reply(FakeRequest request) =>
        FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { Delay = TimeSpan.FromMilliseconds(delays.Next(50, 600)) };

    internal override async Task Rage(Rig rig)
    {
        var random = new Random(rig.Play.Seed + 6);
        var lives = new List<Task>();
        for (var number = 0; number < rig.Play.Runs; number++)
        {
            lives.Add(Live(number, Life.Next(random), random.Next(rig.Nodes.Length), random.Next(rig.Nodes.Length)));
            await Task.Delay(TimeSpan.FromSeconds(1 / rig.Play.RunsPerSecond));
        }

        await Task.WhenAll(lives);

        async Task Live(int number, TimeSpan life, int first, int canceller)
        {
            var run = await rig.Ask($"Question {number} of seed {rig.Play.Seed}?", $"cancel-{number}", first);
            await Task.Delay(life);
            if (await rig.Cancel(run, canceller)) Record(hadRuns: true);
        }
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var slow = await rig.Database.TryRows(
            """
            select o.stream_id, o.timestamp - c.timestamp from agents.mt_events o
            join agents.mt_events c on c.stream_id = o.stream_id and c.type = 'run_cancelled' and o.version > c.version and o.timestamp - c.timestamp > $1
            """, SettledWithin);
        return [.. slow!.Select(row => $"Run {row[0]} was cancelled, and what it had in flight ended {row[1]} later."),
            .. await WorkAfterTheEnd(rig.Database)];
    }

    /// <summary>After a run has been cancelled, nothing is begun for it: only what was in flight may still bring its bill.</summary>
    internal static async Task<IEnumerable<string>> WorkAfterTheEnd(RigDatabase database)
    {
        var begun = await database.TryRows(
            """
            select e.stream_id, e.type from agents.mt_events e
            join agents.mt_events c on c.stream_id = e.stream_id and c.type = 'run_cancelled' and e.version > c.version
            where e.type not in ('model_call_completed', 'model_call_failed', 'model_call_outcome_unknown', 'spend_resolved', 'tool_call_completed', 'tool_call_failed')
            """);
        return begun!.Select(row => $"Run {row[0]} has {row[1]} after it was cancelled.");
    }
}
