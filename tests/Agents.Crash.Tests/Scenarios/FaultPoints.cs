using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// One run after the other is queued at a node that dies, stumbles or stands still when it comes to a given point of a given step; the other node
/// takes over. A client follows each run, and comes back with its last id when its server is gone.
/// </summary>
/// <param name="cancels">Each run is cancelled at the other node as soon as the fault has struck.</param>
public sealed class FaultPoints(Play play, bool cancels = false) : Fault
{
    const int Steps = 5;
    const int ModelSteps = 4;
    const int MostTries = 5;
    static readonly TimeSpan PauseLength = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    static readonly string[] OnceInARun = ["http-accepted", "before-start-commit", "after-start-commit"];
    static readonly string[] InEachStep =
        ["msg-received", "request-sent", "reply-complete", "before-outcome-commit", "after-outcome-commit", "before-cascade-dispatch", "sse-flush"];
    static readonly string[] InEachModelStep = ["before-intent-commit", "lease-taken", "after-intent-commit", "first-token"];

    readonly IReadOnlyList<Cell> cells = Sample(play, cancels);
    readonly ConcurrentQueue<Cell> waiting = new(Sample(play, cancels));
    readonly HashSet<Cell> struck = [];
    readonly List<Task> followers = [];
    readonly List<string> problems = [];
    volatile Cell? loaded;

    public override string Name => cancels ? "runs cancelled at a fault point" : "fault points";

    public override bool Drives => true;

    /// <summary>The first node has the next cell's fault each time it starts, the other one none.</summary>
    public override IEnumerable<(string Name, string Value)> Settings(int node)
    {
        if (node != 0) return [];
        loaded = waiting.TryDequeue(out var next) ? next : null;
        return loaded is null ? [] : [("AGENTS_FAULT", loaded.Variable)];
    }

    internal override async Task Rage(Rig rig)
    {
        if (loaded is null) await rig.Nodes[0].Kill(); // started before there was a cell for it
        for (var round = 0; struck.Count < cells.Count && round < cells.Count * 2; round++)
        {
            await Rig.Until(() => rig.Nodes[0].IsReady && rig.Nodes[1].IsReady, Patience, "The nodes do not start again.");
            if (rig.Nodes[0].Server is not { } server) continue;
            if (loaded is { } cell) await Strike(rig, server, cell);
            else foreach (var missed in cells.Except(struck)) waiting.Enqueue(missed);
            if (!server.HasExited) await rig.Nodes[0].Kill(); // the next start has the next cell's fault
        }

        await Task.WhenAll(followers).WaitAsync(Patience);
    }

    async Task Strike(Rig rig, ServerProcess server, Cell cell)
    {
        for (var attempt = 1; attempt <= MostTries && !server.HasExited; attempt++)
        {
            var key = $"{Name}-{cell.Variable}-{server.Id}-{attempt}";
            var run = await rig.Ask($"What if {cell.Variable}?", key, first: 0);
            lock (followers) followers.Add(Follow(rig, run));

            var patience = Stopwatch.StartNew();
            while (!HasStruck() && !await rig.HasEnded(run) && patience.Elapsed < Patience) await Task.Delay(10);
            if (!HasStruck()) continue; // the other node was faster to admit it

            Record(hadRuns: true);
            struck.Add(cell);
            if (cancels) await rig.Cancel(run, first: 1);
            while (!await rig.HasEnded(run))
            {
                if (patience.Elapsed > Patience) return; // told by the rig
                await Task.Delay(20);
            }

            return;
        }

        bool HasStruck() => server.WasStruck(cell.Action) || (cell.Action == "kill" && server.HasExited);
    }

    async Task Follow(Rig rig, Guid run)
    {
        var seen = await Follower.Follow(rig, run, Patience);
        var stored = (await rig.Database.TryRows("select count(*) from agents.mt_events where stream_id = $1", run))![0][0];
        var isWhole = seen.SequenceEqual(Enumerable.Range(1, seen.Count).Select(version => (long)version));
        if (!isWhole || seen.Count == 0 || seen.Count > (long)stored)
            lock (problems) problems.Add($"A client that followed run {run} of {stored} facts saw {string.Join(", ", seen)}.");
    }

    internal override async Task<IEnumerable<string>> Problems(Rig rig) =>
    [
        .. problems,
        .. cells.Except(struck).Select(cell => $"The fault {cell.Variable} never struck."),
        .. await Cancels.WorkAfterTheEnd(rig.Database),
    ];

    /// <summary>All cells, or a sample by seed in which three of five faults are kills.</summary>
    static List<Cell> Sample(Play play, bool cancels)
    {
        var kills = Cells("kill").ToList();
        var throws = cancels ? [] : Cells("throw").ToList();
        var pauses = Cells(FormattableString.Invariant($"pause:{PauseLength.TotalSeconds}")).Where(cell => cancels || cell.Nth == 1).ToList();
        if (play.Faults == 0) return [.. kills, .. throws, .. pauses];

        var random = new Random(play.Seed + 5);
        var sample = new List<Cell>();
        foreach (var kind in new[] { kills, throws, pauses }) random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(kind));
        List<Cell>[] turns = cancels ? [kills, pauses] : [kills, kills, throws, kills, pauses];
        for (var turn = 0; sample.Count < play.Faults && turns.Any(left => left.Count > 0); turn++)
        {
            var left = turns[turn % turns.Length];
            if (left.Count == 0) continue;
            sample.Add(left[^1]);
            left.RemoveAt(left.Count - 1);
        }

        return sample;
    }

    static IEnumerable<Cell> Cells(string action) =>
    [
        .. OnceInARun.Select(point => new Cell(point, 1, action)),
        .. InEachStep.SelectMany(point => Enumerable.Range(1, Steps).Select(step => new Cell(point, step, action))),
        .. InEachModelStep.SelectMany(point => Enumerable.Range(1, ModelSteps).Select(step => new Cell(point, step, action))),
    ];

    /// <param name="Nth">One run has the node to itself, so that the nth time is the nth step.</param>
    sealed record Cell(string Point, int Nth, string How)
    {
        public string Action => How.Split(':')[0];

        public string Variable => string.Create(CultureInfo.InvariantCulture, $"{Point}:{Nth}:{How}");
    }
}
