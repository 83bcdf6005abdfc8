using System.Diagnostics;
using System.Text.Json;

namespace Agents.Benchmarks;

/// <summary>
/// Whether the pool of workers keeps its promises: limits, urgency, fairness, and a price of admission that does not grow with the queue.
/// </summary>
static class PoolVerbs
{
    const int Limit = 8;

    public static Task<int> Run(string[] args) => args switch
    {
        ["slots", .. var rest] => Slots(rest),
        ["urgent", .. var rest] => Urgent(rest),
        ["fairness", .. var rest] => Fairness(rest),
        ["admission", .. var rest] => Admission(rest),
        ["idle", .. var rest] => Idle(rest),
        _ => throw new ArgumentException("pool slots, urgent, fairness, admission or idle"),
    };

    /// <summary>
    /// Two nodes, eight slots overall, backlog: looked at each 50 ms. 0 when never more than eight ran, and 95 % of the slots were used.
    /// </summary>
    static async Task<int> Slots(string[] args)
    {
        var (seconds, hold) = (Steps.Number(args, "--seconds", 30), Steps.Number(args, "--hold", 1000));
        await using var cluster = await PoolCluster.Start(2, TimeSpan.FromMilliseconds(hold), "--Workers:MaxRuns=8");
        await SetLimit(cluster, "overall", "", Limit);
        await cluster.Queue((seconds + 10) * 1000 / hold * Limit);
        while (Hold.Inside < Limit) await Task.Delay(10);

        Hold.TakeMost();
        var (samples, mostHeld, held, working) = (0, 0L, 0L, 0L);
        for (var time = Stopwatch.StartNew(); time.Elapsed.TotalSeconds < seconds; samples++)
        {
            var due = TimeSpan.FromMilliseconds(50 * (samples + 1)) - time.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due);
            var now = await cluster.Scalar<long>("select count(*) from agents.run_queue where node is not null and state <> 'settling'");
            (mostHeld, held, working) = (Math.Max(mostHeld, now), held + now, working + Hold.Inside);
        }

        var byNode = await cluster.Scalar<string>(
            "select string_agg(runs::text, ' and ') from (select count(*) as runs from agents.mt_events where type = 'run_started' group by data ->> 'worker') n");
        var (mostInside, used, busy) = (Hold.TakeMost(), (double)held / samples / Limit, (double)working / samples / Limit);
        Print(new { limit = Limit, nodes = 2, holdMs = hold, samples, mostHeld, mostInside, slotsUsed = Math.Round(used, 3),
            slotsWorking = Math.Round(busy, 3), startedByNode = byNode });
        return mostHeld <= Limit && mostInside <= Limit && used >= 0.95 ? 0 : 1;
    }

    /// <summary>Urgent runs behind thousands of low ones, and a low one under a steady stream of urgent ones.</summary>
    static async Task<int> Urgent(string[] args)
    {
        var (backlog, tries, hold) = (Steps.Number(args, "--backlog", 10_000), Steps.Number(args, "--tries", 10), Steps.Number(args, "--hold", 1000));
        double[] waits;
        await using (var cluster = await PoolCluster.Start(2, TimeSpan.FromMilliseconds(hold), "--Workers:MaxRuns=8"))
        {
            await SetLimit(cluster, "overall", "", Limit);
            await cluster.Queue(backlog, priority: 2);
            var urgent = new List<Guid>();
            for (var n = 0; n < tries; n++)
            {
                urgent.AddRange(await cluster.Queue(1, priority: 9));
                await Task.Delay(hold * 3 / 4 + n * hold / tries);
            }

            while ((await cluster.Waits(urgent)).Length < tries) await Task.Delay(50);
            waits = await cluster.Waits(urgent);
        }

        const int Aging = 2;
        await using var steady = await PoolCluster.Start(2, TimeSpan.FromMilliseconds(200), "--Workers:MaxRuns=8", $"--Workers:AgingSeconds={Aging}");
        await SetLimit(steady, "overall", "", Limit);
        var stream = (await steady.Queue(50, priority: 9)).Count;
        var low = await steady.Queue(1, priority: 0);
        var waited = Stopwatch.StartNew();
        while ((await steady.Waits(low)).Length == 0 && waited.Elapsed < TimeSpan.FromMinutes(2))
        {
            if (await steady.Scalar<long>("select count(*) from agents.run_queue where node is null and state = 'waiting'") < 100)
                stream += (await steady.Queue(50, priority: 9)).Count;
            await Task.Delay(20);
        }

        var lowWait = (await steady.Waits(low)) is [var wait] ? wait : double.NaN;
        Print(new
        {
            backlog, slots = Limit, holdMs = hold, urgentWaitMs = waits.Select(wait => Math.Round(wait * 1000)),
            underSteadyUrgent = new { agingSeconds = Aging, urgentQueued = stream, lowWaitSeconds = Math.Round(lowWait, 1) },
        });
        return waits[^1] * 1000 <= hold * 1.1 && lowWait < 120 ? 0 : 1;
    }

    /// <summary>A tenant with ten runs beside one with thousands; and tenants of weight 3 and 1 under saturation.</summary>
    static async Task<int> Fairness(string[] args)
    {
        var (backlog, slots, hold) = (Steps.Number(args, "--backlog", 10_000), Steps.Number(args, "--slots", 16), Steps.Number(args, "--hold", 1000));
        await using var cluster = await PoolCluster.Start(2, TimeSpan.FromMilliseconds(hold), $"--Workers:MaxRuns={(slots + 1) / 2}");
        await SetLimit(cluster, "overall", "", slots);
        await cluster.Queue(backlog, tenant: "a");
        while (Hold.Inside < slots) await Task.Delay(10);
        var few = await cluster.Queue(10, tenant: "b");
        while ((await cluster.Waits(few)).Length < few.Count) await Task.Delay(50);
        var waits = await cluster.Waits(few);
        var p95 = waits[(int)Math.Ceiling(0.95 * waits.Length) - 1] * 1000 / hold;

        await cluster.Execute("insert into agents.admission_limit (scope, value, weight, changed_by) values ('tenant', 'c', 3, 'benchmark')");
        await cluster.Queue(1000, tenant: "c");
        await cluster.Queue(1000, tenant: "d");
        await cluster.Execute("insert into agents.admission_pause (scope, value, reason, paused_by) values ('tenant', 'a', '', 'benchmark')");
        while (await Started("c") + await Started("d") < 20) await Task.Delay(50);
        var (c, d) = (await Started("c"), await Started("d"));
        while (await Started("c") + await Started("d") < c + d + 400) await Task.Delay(50);
        (c, d) = (await Started("c") - c, await Started("d") - d);
        var share = (double)c / (c + d);
        Print(new
        {
            backlog, slots, holdMs = hold, waitsInSlotTimes = waits.Select(wait => Math.Round(wait * 1000 / hold, 2)),
            p95InSlotTimes = Math.Round(p95, 2),
            weights = new { three = c, one = d, sharePercent = Math.Round(share * 100, 1) },
        });
        return p95 <= 2 && share is >= 0.70 and <= 0.80 ? 0 : 1;

        Task<long> Started(string tenant) =>
            cluster.Scalar<long>("select count(*) from agents.run_summary where tenant_id = $1 and started_at is not null", tenant);
    }

    /// <summary>
    /// What it costs to choose and mark one run, by the length of the queue. The rows are made by hand; ten tenants, three agents, four priorities.
    /// </summary>
    static async Task<int> Admission(string[] args)
    {
        var tries = Steps.Number(args, "--tries", 200);
        await using var cluster = await PoolCluster.Start(1, TimeSpan.FromMilliseconds(1), "--Workers:MaxRuns=0");
        var figures = new List<(int Queued, double Median, double P95, double Batch)>();
        foreach (var queued in new[] { 100, 1_000, 10_000, 100_000 })
        {
            await cluster.Execute(
                $"""
                truncate agents.run_queue;
                insert into agents.run_queue (tenant_id, run_id, agent, model, priority, state, since, deadline_at)
                select 'tenant' || n % 10, gen_random_uuid(), 'agent' || n % 3, 'small', n % 4 * 2, 'waiting', clock_timestamp() - ({queued} - n) * interval '1 ms', clock_timestamp() + interval '1 day'
                from generate_series(1, {queued}) n;
                analyze agents.run_queue;
                """);
            var one = new List<double>();
            for (var n = -10; n < tries; n++)
            {
                var took = await Admit(cluster, 1);
                if (n >= 0) one.Add(took);
                if (queued == 100) await cluster.Execute("update agents.run_queue set node = null");
                else await cluster.Execute("delete from agents.run_queue where node is not null");
            }

            var batch = await Admit(cluster, 32) / 32;
            one.Sort();
            figures.Add((queued, one[one.Count / 2], one[(int)(one.Count * 0.95)], batch));
            await cluster.Execute("truncate agents.admission_share");
        }

        Print(new
        {
            classes = 60, tries,
            msPerRun = figures.Select(figure => new { queued = figure.Queued, median = Math.Round(figure.Median, 2), p95 = Math.Round(figure.P95, 2),
                in32AtOnce = Math.Round(figure.Batch, 3) }),
        });
        return figures[^1].Median <= 2 * figures[1].Median ? 0 : 1;
    }

    /// <summary>Statements a second on a quiet node: ours, and those of Wolverine's durability and its locks, apart.</summary>
    static async Task<int> Idle(string[] args)
    {
        var (seconds, nodes) = (Steps.Number(args, "--seconds", 60), Steps.Number(args, "--nodes", 1));
        await using var cluster = await PoolCluster.Start(nodes, TimeSpan.FromMilliseconds(10));
        await cluster.Execute("create extension if not exists pg_stat_statements");
        var runs = await cluster.Queue(10);
        while ((await cluster.Waits(runs)).Length < runs.Count) await Task.Delay(50);
        await Task.Delay(TimeSpan.FromSeconds(15));
        await cluster.Execute("select pg_stat_statements_reset()");
        await Task.Delay(TimeSpan.FromSeconds(seconds));

        await using var command = cluster.Database.CreateCommand(
            """
            select query !~* '(agents|finance)\.' and query !~* '^select clock_timestamp' as is_wolverine, left(regexp_replace(query, '\s+', ' ', 'g'), 110), sum(calls)::float8
            from pg_stat_statements where query not ilike '%pg_stat_statements%' group by 1, 2 order by 3 desc
            """);
        await using var rows = await command.ExecuteReaderAsync();
        var statements = new List<(bool IsWolverine, string Query, double PerSecond)>();
        while (await rows.ReadAsync()) statements.Add((rows.GetBoolean(0), rows.GetString(1), rows.GetDouble(2) / seconds / nodes));
        var transactions = statements.Where(IsTransaction).Sum(statement => statement.PerSecond);
        var ours = statements.Where(statement => !statement.IsWolverine && !IsTransaction(statement)).ToList();
        Print(new
        {
            nodes, seconds, perSecondAndNode = new
            {
                ours = Math.Round(ours.Sum(statement => statement.PerSecond), 2),
                wolverine = Math.Round(
                    statements.Where(statement => statement.IsWolverine && !IsTransaction(statement)).Sum(statement => statement.PerSecond), 2),
                beginCommitAndReset = Math.Round(transactions, 2),
            },
            ours = ours.Take(15).Select(statement => $"{statement.PerSecond:0.00} {statement.Query}"),
            wolverine = statements.Where(statement => statement.IsWolverine && !IsTransaction(statement)).Take(8)
                .Select(statement => $"{statement.PerSecond:0.00} {statement.Query}"),
        });
        return ours.Sum(statement => statement.PerSecond) < 1 ? 0 : 1;

        static bool IsTransaction((bool, string Query, double) statement) =>
            new[] { "BEGIN", "COMMIT", "ROLLBACK", "DISCARD", "SET ", "RESET", "CLOSE", "UNLISTEN", "DEALLOCATE",
                "SELECT pg_advisory_unlock_all" }.Any(word => statement.Query.StartsWith(word, StringComparison.OrdinalIgnoreCase));
    }

    static async Task<double> Admit(PoolCluster cluster, int slots)
    {
        var time = Stopwatch.StartNew();
        await using var command = cluster.Database.CreateCommand("select count(run) from agents.admit('benchmark', $1, 'offline', 60, '{}')");
        command.Parameters.Add(new() { Value = slots });
        var given = (long)(await command.ExecuteScalarAsync())!;
        return given == slots ? time.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"{given} of {slots} slots were given.");
    }

    static Task SetLimit(PoolCluster cluster, string scope, string value, int runs) => cluster.Execute(
        $"insert into agents.admission_limit (scope, value, max_runs, changed_by) values ('{scope}', '{value}', {runs}, 'benchmark')");

    static void Print(object figures) => Console.WriteLine(JsonSerializer.Serialize(figures, Benchmark.Indented));
}
