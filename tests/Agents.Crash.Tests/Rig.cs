using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Operations.Verification;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>
/// Real server processes on a PostgreSQL of their own and a provider that writes down every request before it answers; runs are queued at a steady rate
/// while things go wrong. What a seed decides is when and whom a fault strikes; the machine decides what it strikes.
/// </summary>
public sealed class Rig : IAsyncDisposable
{
    static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(3);

    /// <summary>The share of faults that must have struck while work was under way; else the play proves little.</summary>
    const double LeastStruck = 0.8;

    readonly Play play;
    readonly RigDatabase database;
    readonly FakeProvider provider;
    readonly string ledger;
    readonly RigNode[] nodes;
    readonly ConcurrentBag<Guid> accepted = [];
    readonly ConcurrentBag<Kill> kills = [];
    readonly CancellationTokenSource enough = new();
    int databaseCrashes, pauses, struckInFlight, struckUnseen, resumed;

    Rig(Play play, RigDatabase database, FakeProvider provider, string ledger)
    {
        (this.play, this.database, this.provider, this.ledger) = (play, database, provider, ledger);
        provider.Otherwise(Replies(play));
        nodes = [.. Enumerable.Range(0, Play.Nodes).Select(_ => new RigNode(database.ConnectionString, provider.Address))];
    }

    public static async Task<RigResult> Run(Play play, Action<string> log)
    {
        log($"{play.Scenario.Name}, seed {play.Seed}: at least {play.Runs} runs at {play.RunsPerSecond}/s, at least {play.Faults} faults of each kind");
        var ledger = Path.GetTempFileName();
        await using var rig = new Rig(play, await RigDatabase.Start(), await FakeProvider.Start(ledger), ledger);
        return await rig.Perform(log);
    }

    async Task<RigResult> Perform(Action<string> log)
    {
        await Until(() => Task.FromResult(nodes.All(node => node.IsReady)), TimeSpan.FromSeconds(90), "The nodes do not start.");
        var began = Stopwatch.StartNew();
        var faults = new[] { Kills(), DatabaseCrashes(), Pauses() };
        await Drive(faults);
        await enough.CancelAsync();
        await Task.WhenAll(faults);
        log($"after {began.Elapsed.TotalSeconds:0} s: {accepted.Count} runs accepted, {kills.Count} kills, {databaseCrashes} database crashes, {pauses} pauses; waiting for quiet");

        var quiet = Stopwatch.StartNew();
        var isQuiet = await Quiet();
        var report = await Verification.Run(database.ConnectionString, ledger, tenant: null, CancellationToken.None);
        var statuses = (await database.TryRows("select status, count(*)::int from agents.run_summary group by status order by status"))!;
        return new(play, accepted.Count, statuses.ToDictionary(row => (string)row[0], row => (int)row[1]), began.Elapsed, quiet.Elapsed)
        {
            Kills = kills.Count, DatabaseCrashes = databaseCrashes, Pauses = pauses, StruckInFlight = struckInFlight, Resumed = resumed,
            Requests = provider.Requests.Count,
            Takeovers = await Takeovers(),
            Report = report!,
            Problems = [.. await Problems(isQuiet)],
        };
    }

    /// <summary>Queues runs at a steady rate until there were enough runs and faults.</summary>
    async Task Drive(Task[] faults)
    {
        var random = new Random(play.Seed);
        var clock = Stopwatch.StartNew();
        var asking = new List<Task>();
        for (var number = 0; number < play.Runs || !HasStruckEnough; number++)
        {
            if (faults.FirstOrDefault(fault => fault.IsFaulted) is { } failed) await failed;
            if (number >= play.Runs * 50) throw new TimeoutException("The faults do not come.");
            var (at, first) = (TimeSpan.FromSeconds(number / play.RunsPerSecond), random.Next(nodes.Length));
            if (at > clock.Elapsed) await Task.Delay(at - clock.Elapsed);
            asking.Add(Ask($"Question {number} of seed {play.Seed}?", $"rig-{number}", first));
        }

        await Task.WhenAll(asking);
    }

    bool HasStruckEnough =>
        (play.Scenario.Kills is null || kills.Count >= play.Faults)
        && (play.Scenario.DatabaseCrashes is null || databaseCrashes >= play.Faults)
        && (play.Scenario.Pauses is null || pauses >= play.Faults);

    /// <summary>Asks node after node until one accepts. The key makes it one run, however often it is asked for.</summary>
    async Task Ask(string question, string key, int first)
    {
        var patience = Stopwatch.StartNew();
        for (var attempt = first; ; attempt++)
        {
            if (patience.Elapsed > play.QuietWithin) throw new TimeoutException($"No node accepts a run.\n{string.Join('\n', nodes.Select(node => node.Output))}");
            if (await nodes[attempt % nodes.Length].Queue(question, key) is { } run)
            {
                accepted.Add(run);
                return;
            }

            await Task.Delay(50);
        }
    }

    Task Kills() => Strike(play.Scenario.Kills, 1, async (node, _) =>
    {
        var prefix = node.NamePrefix;
        var hadPeer = nodes.Any(other => other != node && other.IsReady);
        await node.Kill();
        var at = DateTimeOffset.UtcNow;
        var orphans = await HeldBy(prefix);
        kills.Add(new(at, hadPeer, orphans ?? []));
        return orphans is null ? null : orphans.Count > 0;
    });

    Task Pauses() => Strike(play.Scenario.Pauses, 3, async (node, random) =>
    {
        var held = await HeldBy(node.NamePrefix);
        await node.Pause(new Every(1, 10).Next(random));
        Interlocked.Increment(ref pauses);
        return held is null ? null : held.Count > 0;
    });

    async Task DatabaseCrashes()
    {
        if (play.Scenario.DatabaseCrashes is not { } every) return;
        var random = new Random(play.Seed + 2);
        while (await Waited(every.Next(random)))
        {
            var busy = await database.TryRows("select 1 from agents.run_queue limit 1");
            await database.Crash(TimeSpan.FromSeconds(random.NextDouble() * 2));
            Interlocked.Increment(ref databaseCrashes);
            if (busy is null) Interlocked.Increment(ref struckUnseen);
            else if (busy.Count > 0) Interlocked.Increment(ref struckInFlight);
        }
    }

    /// <summary>Strikes one ready node after the other, each while it holds runs.</summary>
    /// <param name="fault">Whether the node had runs; null when the database is away and nobody can tell.</param>
    async Task Strike(Every? every, int stream, Func<RigNode, Random, Task<bool?>> fault)
    {
        if (every is null) return;
        var random = new Random(play.Seed + stream);
        while (await Waited(every.Next(random)))
        {
            var first = random.Next(nodes.Length);
            if (nodes.Skip(first).Concat(nodes.Take(first)).FirstOrDefault(node => node.IsReady) is not { } node) continue;
            var patience = Stopwatch.StartNew();
            while (patience.Elapsed < HoldsWithin && node.IsReady && await HeldBy(node.NamePrefix) is { Count: 0 }) await Task.Delay(20);
            if (!node.IsReady) continue;
            if (await fault(node, random) is not { } hadRuns) Interlocked.Increment(ref struckUnseen);
            else if (hadRuns) Interlocked.Increment(ref struckInFlight);
        }
    }

    /// <returns>False when there was enough of it.</returns>
    async Task<bool> Waited(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, enough.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Runs in the hands of a node. Null when the database is away.</summary>
    async Task<List<Guid>?> HeldBy(string? prefix) => prefix is null
        ? []
        : (await database.TryRows("select run_id from agents.run_queue where state = 'running' and starts_with(node, $1)", prefix))?.ConvertAll(row => (Guid)row[0]);

    /// <summary>All runs have ended and no message is left. Parked runs are resumed, as a person would.</summary>
    async Task<bool> Quiet()
    {
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < play.QuietWithin)
        {
            var open = await database.TryRows("select run_id, status from agents.run_summary where finished_at is null");
            var messages = await database.TryRows("select id from wolverine.wolverine_incoming_envelopes where status <> 'Handled' union all select id from wolverine.wolverine_outgoing_envelopes");
            if (open is { Count: 0 } && messages is { Count: 0 }) return true;
            foreach (var parked in open?.Where(row => row[1] is "parked") ?? [])
                if (nodes.FirstOrDefault(node => node.IsReady) is { } node && await node.Resume((Guid)parked[0])) resumed++;
            await Task.Delay(200);
        }

        return false;
    }

    /// <summary>From each kill to the next fact of each run that the killed node held.</summary>
    async Task<List<Takeover>> Takeovers()
    {
        var takeovers = new List<Takeover>();
        foreach (var kill in kills.Where(kill => kill.Orphans.Count > 0))
        {
            var next = (await database.TryRows(
                "select min(timestamp) from agents.mt_events where stream_id = any($1) and timestamp > $2 group by stream_id", kill.Orphans.ToArray(), kill.At))!;
            if (next.Count > 0) takeovers.Add(new(kill.HadPeer, [.. next.Select(row => new DateTimeOffset((DateTime)row[0]) - kill.At).Order()]));
        }

        return takeovers;
    }

    /// <summary>What is wrong beside what the verification tells.</summary>
    async Task<List<string>> Problems(bool isQuiet)
    {
        var problems = new List<string>();
        var known = (await database.TryRows("select run_id from agents.run_summary where status = 'completed'"))!.Select(row => (Guid)row[0]).ToHashSet();
        if (accepted.Count(run => !known.Contains(run)) is var lost and > 0) problems.Add($"{lost} accepted runs are not completed: {string.Join(", ", accepted.Where(run => !known.Contains(run)).Take(5))}");
        if (accepted.Distinct().Count() != accepted.Count) problems.Add("One run was accepted for two questions.");
        if (!isQuiet) problems.Add($"It was not quiet within {play.QuietWithin.TotalSeconds:0} s.\n{string.Join('\n', nodes.Select(node => node.Output))}");
        problems.AddRange(nodes.SelectMany(node => node.EndedByThemselves).Select(output => $"A server ended by itself:\n{output}"));
        if (kills.Count + databaseCrashes + pauses - struckUnseen is var struck && struckInFlight < LeastStruck * struck) problems.Add($"Only {struckInFlight} of {struck} faults struck while work was in flight.");
        return problems;
    }

    static Func<FakeRequest, FakeReply> Replies(Play play)
    {
        var random = new Random(play.Seed + 4);
        return request =>
        {
            var delay = TimeSpan.FromMilliseconds(random.Next(20, 200));
            var luck = random.NextDouble();
            if (luck < play.ProviderFaults / 2) return FakeReply.Error(503, "Overloaded.") with { Delay = delay };
            var reply = FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { Delay = delay };
            return luck < play.ProviderFaults ? reply with { StopAfterBytes = 300 } : reply;
        };
    }

    static async Task Until(Func<Task<bool>> holds, TimeSpan patience, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            if (waited.Elapsed > patience) throw new TimeoutException(otherwise);
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await enough.CancelAsync();
        foreach (var node in nodes) await node.DisposeAsync();
        await provider.DisposeAsync();
        await database.DisposeAsync();
        File.Delete(ledger);
        enough.Dispose();
    }

    /// <param name="Orphans">Runs that the killed node held.</param>
    sealed record Kill(DateTimeOffset At, bool HadPeer, IReadOnlyList<Guid> Orphans);
}
