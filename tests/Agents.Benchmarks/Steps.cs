using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Benchmarks;

/// <summary>A tool that does nothing, so that only the engine is measured.</summary>
[Tool("nothing")]
public sealed class Nothing
{
    [Description("Does nothing.")]
    public static string Run(string word) => word;
}

/// <summary>
/// Durable steps per second: each step is one transaction with its facts, the checkpoint, the read models, the acknowledgement and the next message.
/// Beside it, in the same run, the floor: the same rows written by bare Npgsql, one transaction a step, as many at once.
/// </summary>
static class Steps
{
    const int StepsPerRun = 10;

    internal static readonly AgentDefinition Idler = new()
    {
        Name = "idler",
        Steps = [.. Enumerable.Range(1, StepsPerRun).Select(step => new ToolStep(
            $"step {step}", new("nothing"), new Dictionary<string, Argument> { ["word"] = new Argument.Text("done") }))],
    };

    /// <summary>The same with as many model calls; the model is the offline one, which answers at once and finds nothing.</summary>
    static readonly AgentDefinition Talker = new()
    {
        Name = "talker",
        Steps = [.. Enumerable.Range(1, StepsPerRun).Select(step => new ModelStep($"step {step}", "Answer."))],
    };

    /// <summary><c>[--runs N] [--at-once N] [--rounds N]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (runs, atOnce, rounds) = (Number(args, "--runs", 300), Number(args, "--at-once", 32), Number(args, "--rounds", 3));
        await using var server = await BenchmarkServer.Start([Idler, Talker], $"--Workers:MaxRuns={atOnce}");
        await server.Execute("create extension if not exists pg_stat_statements");
        if (PrintsStatements)
        {
            await server.Execute("alter system set pg_stat_statements.track_planning = on");
            await server.Execute("select pg_reload_conf()");
        }

        foreach (var agent in new[] { Idler, Talker }) await Engine(server, runs / 4, agent.Name); // warm up

        var figures = new List<object>();
        for (var round = 1; round <= rounds; round++)
        {
            var engine = await Engine(server, runs);
            var model = await Engine(server, runs / 2, Talker.Name);
            var floor = await Floor.Measure(server, runs * StepsPerRun, atOnce);
            figures.Add(new { round, engine, model, floor = new { stepsPerSecond = floor }, share = Math.Round(engine.StepsPerSecond / floor, 3) });
        }

        Console.WriteLine(JsonSerializer.Serialize(new { runs, stepsPerRun = StepsPerRun, atOnce, rounds = figures }, Benchmark.Indented));
        return 0;
    }

    internal sealed record Figures(
        double StepsPerSecond, double CommitsPerStep, double WalBytesPerStep, double EngineCpuMsPerStep, double StatementsPerStep,
        double FirstRunSeconds, double MedianRunSeconds);

    /// <param name="agent">One with ten steps.</param>
    internal static async Task<Figures> Engine(BenchmarkServer server, int runs, string agent = "idler")
    {
        var process = Process.GetCurrentProcess();
        var ids = new Guid[runs];
        await Parallel.ForEachAsync(Enumerable.Range(0, runs), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            ids[n] = await server.Queue(agent, "Do nothing ten times.");
        });
        return await Drain(server, ids, process);
    }

    /// <summary>Measures from the first admission to the last completion, by the facts' own times.</summary>
    static async Task<Figures> Drain(BenchmarkServer server, Guid[] ids, Process process)
    {
        var list = string.Join(",", ids.Select(id => $"'{id}'"));
        var (cpu, wal) = (process.TotalProcessorTime, await server.Scalar<decimal>("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"));
        await server.Execute("select pg_stat_statements_reset()");
        var (stepsBefore, startedBefore) = (await Done(server, list), await Started(server, list));
        while (await server.Scalar<long>($"select count(*) from agents.run_summary where run_id in ({list}) and finished_at is null") > 0)
            await Task.Delay(100);
        process.Refresh();

        // What was committed since the counters were set to zero: the remaining steps, and the admissions, one commit each. Reads commit nothing that
        // is counted here.
        var steps = ids.Length * StepsPerRun;
        var counted = steps - stepsBefore;
        var commits = await server.Scalar<decimal>("select coalesce(sum(calls), 0) from pg_stat_statements where query ilike 'commit%'");
        commits -= await Started(server, list) - startedBefore;
        var statements = await server.Scalar<decimal>("select coalesce(sum(calls), 0) from pg_stat_statements where query not ilike '%pg_stat_statements%'");
        if (PrintsStatements) await Statements(server, counted);
        var walBytes = await server.Scalar<decimal>("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')") - wal;
        var seconds = await server.Scalar<double>(
            $"select extract(epoch from max(finished_at) - min(started_at))::float8 from agents.run_summary where run_id in ({list})");
        var first = await server.Scalar<double>(
            $"select min(extract(epoch from finished_at - started_at))::float8 from agents.run_summary where run_id in ({list})");
        var median = await server.Scalar<double>(
            $"select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at))::float8 from agents.run_summary where run_id in ({list})");
        return new(
            Math.Round(steps / seconds), Math.Round((double)commits / counted, 3), Math.Round((double)walBytes / counted),
            Math.Round((process.TotalProcessorTime - cpu).TotalMilliseconds / counted, 3), Math.Round((double)statements / counted, 2),
            Math.Round(first, 3), Math.Round(median, 3));
    }

    static bool PrintsStatements => Environment.GetEnvironmentVariable("AGENTS_STATEMENTS") is not null;

    /// <summary>Which statements the database spent its time with, the costliest first, and how often it planned them.</summary>
    static async Task Statements(BenchmarkServer server, long steps)
    {
        await using var command = server.Database.CreateCommand(
            """
            select format('%s ms %s calls %s us, planned %s times %s ms, %s WAL  %s', round(total_exec_time), calls, round(1000 * mean_exec_time), plans,
              round(total_plan_time), wal_bytes, left(regexp_replace(query, '\s+', ' ', 'g'), 110))
            from pg_stat_statements order by total_exec_time + total_plan_time desc limit 40
            """);
        await using var reader = await command.ExecuteReaderAsync();
        Console.Error.WriteLine($"{steps} steps");
        while (await reader.ReadAsync()) Console.Error.WriteLine(reader.GetString(0));
    }

    static Task<long> Done(BenchmarkServer server, string list) => server.Scalar<long>(
        $"select count(*) from agents.mt_events where type = 'step_completed' and stream_id in ({list})");

    static Task<long> Started(BenchmarkServer server, string list) => server.Scalar<long>(
        $"select count(*) from agents.mt_events where type = 'run_started' and stream_id in ({list})");

    internal static int Number(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1], null) : otherwise;
}
