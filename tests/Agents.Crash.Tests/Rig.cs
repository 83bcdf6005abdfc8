using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Crash.Tests.Scenarios;
using Agents.Host.Audit;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>
/// Real server processes on a PostgreSQL of their own and a provider that writes down every request before it answers; runs are queued at a steady
/// rate while things go wrong. What a seed decides is when and whom a fault strikes; the machine decides what it strikes.
/// </summary>
public sealed class Rig : IAsyncDisposable
{
    static readonly TimeSpan HoldsWithin = TimeSpan.FromSeconds(3);
    static readonly TimeSpan AcceptsWithin = TimeSpan.FromMinutes(3);

    /// <summary>A parked run is resumed when it has stood still for so long: longer than any provider here asks for.</summary>
    static readonly TimeSpan ParkedFor = TimeSpan.FromSeconds(4);

    /// <summary>The share of faults that must have struck while work was under way; else the play proves little.</summary>
    const double LeastStruck = 0.8;

    readonly string ledger;
    readonly IReadOnlyList<Fault> faults;
    readonly ConcurrentBag<Guid> accepted = [];
    readonly ConcurrentDictionary<Guid, bool> cancelled = [];
    readonly CancellationTokenSource enough = new();
    int resumed;

    Rig(Play play, RigDatabase database, FakeProvider provider, string ledger)
    {
        (Play, Database, Provider, this.ledger) = (play, database, provider, ledger);
        faults = play.Scenario.Faults(play);
        var usual = Replies(play);
        provider.Otherwise(request => faults.Select(fault => fault.Reply(request)).FirstOrDefault(reply => reply is not null) ?? usual(request));
        var connection = faults.Aggregate(database.ConnectionString, (way, fault) => fault.Through(way));
        Nodes = [.. Enumerable.Range(0, play.Nodes).Select(node => new RigNode(
            connection, provider.Address, play.StaysAway, () => [.. play.Settings, .. faults.SelectMany(fault => fault.Settings(node))]))];
    }

    internal Play Play { get; }
    internal RigDatabase Database { get; }
    internal FakeProvider Provider { get; }
    internal RigNode[] Nodes { get; }

    /// <summary>Runs that a server said it has accepted.</summary>
    internal IReadOnlyCollection<Guid> Accepted => accepted;

    public static async Task<RigResult> Run(Play play, Action<string> log)
    {
        log($"{play.Scenario.Name}, seed {play.Seed}: {play.Scenario.Says}");
        var ledger = Path.GetTempFileName();
        await using var rig = new Rig(play, await RigDatabase.Start(play.Scenario.IsReplicated), await FakeProvider.Start(ledger), ledger);
        return await rig.Perform(log);
    }

    async Task<RigResult> Perform(Action<string> log)
    {
        await UntilAllAreReady();
        var began = Stopwatch.StartNew();
        if (faults.Any(fault => fault.Drives))
        {
            foreach (var fault in faults) await fault.Rage(this);
        }
        else
        {
            var raging = faults.Select(fault => fault.Rage(this)).ToArray();
            await Drive(raging);
            await enough.CancelAsync();
            await Task.WhenAll(raging);
        }

        log(
            $"after {began.Elapsed.TotalSeconds:0} s: {accepted.Count} runs accepted, {string.Join(", ", faults.Select(fault => $"{fault.Struck} {fault.Name}"))}; waiting for quiet");

        var quiet = Stopwatch.StartNew();
        var isQuiet = await Quiet();
        var took = (All: began.Elapsed, Quiet: quiet.Elapsed);
        var problems = await Problems(isQuiet);
        var report = await Verification.Run(Database.ConnectionString, ledger, tenant: null, CancellationToken.None);
        var reconciled = (await Reconciliation.Run(Database.ConnectionString, ledger, tenant: null, CancellationToken.None))!;
        problems.AddRange(reconciled.Invariants.SelectMany(invariant => invariant.Shown.Select(shown => $"Not reconciled, {invariant.Id}: {shown}")));
        var statuses = (await Database.TryRows("select status, count(*)::int from agents.run_summary group by status order by status"))!;
        return new(Play, accepted.Count, statuses.ToDictionary(row => (string)row[0], row => (int)row[1]), took.All, took.Quiet)
        {
            Faults = faults.ToDictionary(fault => fault.Name, fault => fault.Struck),
            StruckInFlight = faults.Sum(fault => fault.StruckInFlight),
            Resumed = resumed,
            Requests = Provider.Requests.Count,
            Takeovers = faults.OfType<Kills>().FirstOrDefault() is { } kills ? await kills.Takeovers(this) : [],
            Promotions = faults.OfType<Failovers>().FirstOrDefault()?.Waits ?? [],
            Deadlocks = Database.Deadlocks(),
            Report = report!,
            Problems = problems,
        };
    }

    /// <summary>Queues runs at a steady rate until there were enough runs and faults.</summary>
    async Task Drive(Task[] raging)
    {
        var random = new Random(Play.Seed);
        var clock = Stopwatch.StartNew();
        var asking = new List<Task>();
        for (var number = 0; number < Play.Runs || !faults.All(fault => fault.IsEnough(Play)); number++)
        {
            if (raging.FirstOrDefault(fault => fault.IsFaulted) is { } failed) await failed;
            if (number >= Math.Max(20, Play.Runs) * 50) throw new TimeoutException("The faults do not come.");
            var (at, first) = (TimeSpan.FromSeconds(number / Play.RunsPerSecond), random.Next(Nodes.Length));
            if (at > clock.Elapsed) await Task.Delay(at - clock.Elapsed);
            asking.Add(Ask($"Question {number} of seed {Play.Seed}?", $"rig-{number}", first));
        }

        await Task.WhenAll(asking);
    }

    /// <summary>Asks node after node until one accepts. The key makes it one run, however often it is asked for.</summary>
    internal async Task<Guid> Ask(string question, string key, int first)
    {
        var agent = faults.Select(fault => fault.Agent).FirstOrDefault() ?? "research";
        var patience = Stopwatch.StartNew();
        for (var attempt = first; ; attempt++)
        {
            if (patience.Elapsed > AcceptsWithin)
                throw new TimeoutException($"No node accepts a run.\n{string.Join('\n', Nodes.Select(node => node.Output))}");
            if (await Nodes[attempt % Nodes.Length].Queue(question, key, agent) is { } run)
            {
                accepted.Add(run);
                return run;
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Cancels a run by whatever node answers. False when it had ended before.</summary>
    internal async Task<bool> Cancel(Guid run, int first)
    {
        cancelled[run] = true; // before it is asked for: an answer may be lost
        var patience = Stopwatch.StartNew();
        for (var attempt = first; patience.Elapsed < Play.QuietWithin; attempt++)
        {
            if (await Nodes[attempt % Nodes.Length].Cancel(run)) return true;
            if (await HasEnded(run)) return false;
            await Task.Delay(50);
        }

        throw new TimeoutException($"No node cancels run {run}.");
    }

    internal async Task<bool> HasEnded(Guid run) =>
        await Database.TryRows("select 1 from agents.run_summary where run_id = $1 and finished_at is not null", run) is { Count: > 0 };

    /// <summary>Strikes one ready node after the other, each while it holds runs.</summary>
    internal async Task StrikeNodes(Every every, int stream, Func<RigNode, Random, Task> fault)
    {
        var random = new Random(Play.Seed + stream);
        while (await Waited(every.Next(random)))
        {
            var first = random.Next(Nodes.Length);
            if (Nodes.Skip(first).Concat(Nodes.Take(first)).FirstOrDefault(node => node.IsReady) is not { } node) continue;
            await UntilItHoldsRuns(node, HoldsWithin);
            if (node.IsReady) await fault(node, random);
        }
    }

    /// <summary>Waits, so that a fault strikes while work is under way.</summary>
    /// <returns>Whether the node held runs when it was last looked at; null when the database is away.</returns>
    internal async Task<bool?> UntilItHoldsRuns(RigNode node, TimeSpan atMost)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            var held = await HeldBy(node.NamePrefix);
            if (held is not { Count: 0 } || patience.Elapsed > atMost || !node.IsReady) return held is null ? null : held.Count > 0;
            await Task.Delay(20);
        }
    }

    /// <returns>False when there was enough of it.</returns>
    internal async Task<bool> Waited(TimeSpan time)
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
    internal async Task<List<Guid>?> HeldBy(string? prefix) => prefix is null
        ? []
        : (await Database.TryRows("select run_id from agents.run_queue where state = 'running' and starts_with(node, $1)", prefix))?.ConvertAll(row =>
            (Guid)row[0]);

    /// <summary>All runs have ended, every attempt has its outcome and no message is left. Parked runs are resumed, as a person would.</summary>
    async Task<bool> Quiet()
    {
        var patience = Stopwatch.StartNew();
        while (patience.Elapsed < Play.QuietWithin)
        {
            var open = await Database.TryRows(
                """
                select r.run_id, r.status = 'parked' and s.timestamp < clock_timestamp() - $1
                from agents.run_summary r join agents.mt_streams s on s.tenant_id = r.tenant_id and s.id = r.run_id where r.finished_at is null
                """, ParkedFor);
            if (open is { Count: 0 } && await Left() is ["nothing"]) return true;
            foreach (var parked in open?.Where(row => row[1] is true) ?? [])
                if (Nodes.FirstOrDefault(node => node.IsReady) is { } node && await node.Resume((Guid)parked[0])) resumed++;
            await Task.Delay(200);
        }

        return false;
    }

    /// <summary>What is not at its end: messages, and runs that are in the queue or have an attempt without an outcome.</summary>
    async Task<List<string>> Left() => await Database.TryRows(
        """
        select concat_ws(' ', 'incoming', id, message_type, status, 'of node', owner_id, timestamp) from wolverine.wolverine_incoming_envelopes
        where status <> 'Handled'
        union all select concat_ws(' ', 'outgoing', id, message_type) from wolverine.wolverine_outgoing_envelopes
        union all select concat_ws(' ', 'run', run_id, state, 'of node', node) from agents.run_queue
        """) is { } left
        ? left.Count == 0 ? ["nothing"] : left.ConvertAll(row => (string)row[0])
        : ["unknown: the database is away"];

    /// <summary>What is wrong beside what the verification tells.</summary>
    async Task<List<string>> Problems(bool isQuiet)
    {
        var problems = new List<string>();
        var ended = (await Database.TryRows("select run_id, status from agents.run_summary"))!.ToDictionary(row => (Guid)row[0], row =>
            (string)row[1]);
        var lost = accepted.Where(run => ended.GetValueOrDefault(run) is var status && status != "completed"
            && !(status == "cancelled" && cancelled.ContainsKey(run))).ToList();
        if (lost.Count > 0)
            problems.Add(
                $"{lost.Count} accepted runs are not completed: {string.Join(", ", lost.Take(5).Select(run => $"{run} is {ended.GetValueOrDefault(run, "unknown")}"))}");
        if (accepted.Distinct().Count() != accepted.Count) problems.Add("One run was accepted for two questions.");
        if (!isQuiet)
            problems.Add(
                $"It was not quiet within {Play.QuietWithin.TotalSeconds:0} s. Left are\n{string.Join('\n', await Left())}\n{string.Join('\n', Nodes.Select(node => node.Output))}");
        problems.AddRange(Nodes.SelectMany(node => node.EndedByThemselves).Select(output => $"A server ended by itself:\n{output}"));

        var (known, struck) = (faults.Sum(fault => fault.Struck - fault.Unseen), faults.Sum(fault => fault.StruckInFlight));
        if (struck < LeastStruck * known) problems.Add($"Only {struck} of {known} faults struck while work was in flight.");
        foreach (var fault in faults) problems.AddRange(await fault.Problems(this));
        problems.AddRange(await MessageIds.Problems(Database));
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

    internal Task UntilAllAreReady() => Until(() => Nodes.All(node => node.IsReady), TimeSpan.FromSeconds(90), "The nodes do not start.");

    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    internal static Task Until(Func<bool> holds, TimeSpan patience, string otherwise) => Until(() => Task.FromResult(holds()), patience, otherwise);

    /// <exception cref="TimeoutException">It did not hold in time.</exception>
    internal static async Task Until(Func<Task<bool>> holds, TimeSpan patience, string otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            if (waited.Elapsed > patience) throw new TimeoutException(otherwise);
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await enough.CancelAsync();
        foreach (var node in Nodes) await node.DisposeAsync();
        foreach (var fault in faults.OfType<IAsyncDisposable>()) await fault.DisposeAsync();
        await Provider.DisposeAsync();
        await Database.DisposeAsync();
        File.Delete(ledger);
        enough.Dispose();
    }
}
