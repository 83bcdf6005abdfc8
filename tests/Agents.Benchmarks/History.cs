using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Audit;
using Agents.Host.Postgres;

namespace Agents.Benchmarks;

/// <summary>
/// What reading history takes: every decision of finished runs derived again, all read models made anew, and what the hash chain costs a step.
/// </summary>
static class History
{
    /// <summary>Five calls of the offline model.</summary>
    static readonly AgentDefinition Talker = new()
    {
        Name = "talker",
        Steps = [.. Enumerable.Range(1, 5).Select(step => new ModelStep($"step {step}", "Answer."))],
    };

    /// <summary><c>[--runs N] [--pairs N]</c>; 0 when it ran and every run is identical.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (runs, pairs) = (Steps.Number(args, "--runs", 1000), Steps.Number(args, "--pairs", 6));
        await using var server = await BenchmarkServer.Start([Steps.Idler, Talker], "--Workers:MaxRuns=32");
        await server.Execute("create extension if not exists pg_stat_statements");

        var chain = new List<(double With, double Without)>();
        for (var pair = 0; pair <= pairs; pair++)
        {
            var isFirst = pair % 2 == 0; // in turns, so that what drifts is the same for both
            var one = await MillisecondsPerStep(server, isChained: isFirst);
            var other = await MillisecondsPerStep(server, isChained: !isFirst);
            if (pair > 0) chain.Add(isFirst ? (one, other) : (other, one)); // the first warms up
        }

        await Finish(server, runs);
        var finished = await server.Scalar<long>("select count(*) from agents.run_summary where finished_at is not null");
        var facts = await server.Scalar<long>("select count(*) from agents.mt_events");
        var connection = server.Service<DatabaseConnection>().ConnectionString;
        await DecisionCheck.Run(connection, null, null, CancellationToken.None); // compiles
        var clock = Stopwatch.StartNew();
        var replay = (await DecisionCheck.Run(connection, null, null, CancellationToken.None))!;
        var replayed = clock.Elapsed;
        var rebuild = (await Rebuild.Run(connection, isVerifyOnly: true, null, CancellationToken.None))!;

        var shares = chain.ConvertAll(pair => (pair.With - pair.Without) / pair.Without);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            replay = new { runs = finished, facts, isIdentical = replay.Holds, seconds = Math.Round(replayed.TotalSeconds, 2), runsPerSecond = Math.Round(finished / replayed.TotalSeconds) },
            rebuild = new
            {
                rebuild.Facts, seconds = Math.Round(rebuild.Took.TotalSeconds, 2), factsPerSecond = Math.Round(rebuild.Facts / rebuild.Took.TotalSeconds),
                areSame = rebuild.AreSame,
            },
            chain = new
            {
                databaseMillisecondsPerStep = chain.Select(pair => new { with = Math.Round(pair.With, 4), without = Math.Round(pair.Without, 4) }),
                meanShare = Math.Round(shares.Average(), 4), medianShare = Math.Round(shares.Order().ElementAt(shares.Count / 2), 4),
            },
        }, Benchmark.Indented));
        return replay.Holds && rebuild.AreSame ? 0 : 1;
    }

    /// <summary>Time that the database worked on the statements of a step, by its own count; waiting for a processor is in it.</summary>
    static async Task<double> MillisecondsPerStep(BenchmarkServer server, bool isChained)
    {
        await server.Execute($"alter table agents.mt_streams {(isChained ? "enable" : "disable")} trigger facts_are_chained");
        await Task.Delay(500);
        await server.Execute("select pg_stat_statements_reset()");
        await Steps.Engine(server, runs: 60);
        return await server.Scalar<double>(
            "select sum(total_exec_time) from pg_stat_statements where toplevel and (query ilike 'commit%' or query ~* 'insert into|update |delete |for update|mt_quick') and query !~* 'pg_stat|wolverine_node'") / 600;
    }

    /// <summary>Runs of several kinds, until so many have ended: tool steps, model steps, the research agent, cancelled ones, forks of all of them.</summary>
    static async Task Finish(BenchmarkServer server, int runs)
    {
        var ids = new Guid[runs * 8 / 10];
        await Parallel.ForEachAsync(Enumerable.Range(0, ids.Length), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            ids[n] = await server.Queue((n % 4) switch { 0 => "idler", 1 => "research", _ => "talker" }, $"What is number {n}?");
            if (n % 16 == 3) await server.Client.PostAsJsonAsync($"/runs/{ids[n]}/cancel", new { }, CancellationToken.None);
        });
        await Ended(server);
        await Parallel.ForEachAsync(ids.Take(runs - ids.Length), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, _) =>
            await server.Client.PostAsJsonAsync($"/runs/{id}/fork", new { version = 4 }, CancellationToken.None));
        await Ended(server);
    }

    static async Task Ended(BenchmarkServer server)
    {
        while (await server.Scalar<long>("select count(*) from agents.run_summary where finished_at is null") > 0) await Task.Delay(200);
    }
}
