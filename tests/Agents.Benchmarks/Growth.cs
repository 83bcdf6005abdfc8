using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Benchmarks;

/// <summary>
/// Whether a step costs more when the database is full, and whether the last steps of a long run cost more than its first. A store is filled with copies
/// of one finished run, row by row in each table.
/// </summary>
static class Growth
{
    const int StepsOfALongRun = 1_000;
    const int Early = 20;
    const int Around = 10;

    static readonly AgentDefinition LongTools = new()
    {
        Name = "long-tools",
        Steps = [.. Enumerable.Range(1, StepsOfALongRun).Select(step => new ToolStep(
            $"step {step}", new("nothing"), new Dictionary<string, Argument> { ["word"] = new Argument.Text("done") }))],
    };

    static readonly AgentDefinition LongTalk = new()
    {
        Name = "long-talk",
        Steps = [.. Enumerable.Range(1, StepsOfALongRun).Select(step => new ModelStep($"step {step}", "Answer in a word."))],
    };

    /// <summary><c>[--finished N,N,…] [--runs N] [--at-once N]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (runs, atOnce) = (Steps.Number(args, "--runs", 300), Steps.Number(args, "--at-once", 32));
        var at = Array.IndexOf(args, "--finished");
        var sizes = (at >= 0 ? args[at + 1] : "10000,100000").Split(',').Select(int.Parse).ToList();
        await using var server = await BenchmarkServer.Start([Steps.Idler, LongTools, LongTalk], $"--Workers:MaxRuns={atOnce}");
        await server.Execute("create extension if not exists pg_stat_statements");

        var longRuns = new List<object>();
        foreach (var agent in new[] { LongTools, LongTalk }) longRuns.Add(await LongRun(server, agent.Name));

        await Steps.Engine(server, runs / 2); // warm up
        var (finished, empty, filled) = (0, await Steps.Engine(server, runs), new List<object>());
        foreach (var size in sizes)
        {
            await Fill(server, size - finished);
            finished = size;
            var full = await Steps.Engine(server, runs);
            filled.Add(new { finishedRuns = size, full, share = Math.Round(full.StepsPerSecond / empty.StepsPerSecond, 3) });
        }

        Console.WriteLine(JsonSerializer.Serialize(new { runs, atOnce, longRuns, empty, filled }, Benchmark.Indented));
        return 0;
    }

    /// <summary>One run alone, its steps around the 20th beside its last.</summary>
    static async Task<object> LongRun(BenchmarkServer server, string agent)
    {
        var id = await server.Queue(agent, "Do a thousand things.");
        while (await server.Scalar<long>($"select count(*) from agents.run_summary where run_id = '{id}' and finished_at is null") > 0) await Task.Delay(100);
        var status = await server.Scalar<string>($"select status from agents.run_summary where run_id = '{id}'");
        var (early, late) = (await Around20(Early), await Around20(StepsOfALongRun - Around));
        return new
        {
            agent, status, steps = StepsOfALongRun, early, late, timeRatio = Math.Round(late.Ms / early.Ms, 2), bytesRatio = Math.Round(late.Bytes / early.Bytes, 2),
        };

        async Task<Step> Around20(int step) => new(
            await server.Scalar<double>(
                $"""
                select percentile_cont(0.5) within group (order by took)::float8 from (
                  select extract(epoch from timestamp - lag(timestamp) over (order by version)) * 1000 as took, (data ->> 'step')::int as step
                  from agents.mt_events where stream_id = '{id}' and type = 'step_completed') s
                where step between {step - Around} and {step + Around}
                """),
            await server.Scalar<double>(
                $"""
                select avg(bytes)::float8 from (
                  select sum(pg_column_size(e.*)) as bytes, s.step from (
                    select version, (data ->> 'step')::int as step, lag(version, 1, 0::bigint) over (order by version) as before
                    from agents.mt_events where stream_id = '{id}' and type = 'step_completed') s
                  join agents.mt_events e on e.stream_id = '{id}' and e.version > s.before and e.version <= s.version group by s.step) b
                where step between {step - Around} and {step + Around}
                """));
    }

    static async Task Fill(BenchmarkServer server, int copies)
    {
        var pattern = await server.Scalar<Guid>("select run_id from agents.run_summary where agent = 'idler' and finished_at is not null limit 1");
        await server.Execute("create table if not exists public.copy_of (run uuid primary key)");
        await server.Execute("truncate public.copy_of");
        await server.Execute($"insert into public.copy_of select gen_random_uuid() from generate_series(1, {copies})");
        await Copy("agents.mt_streams", "id");
        await Copy("agents.mt_events", "stream_id", ("id", "gen_random_uuid()"), ("seq_id", "nextval('agents.mt_events_sequence')"));
        await Copy("agents.mt_doc_run", "id");
        await Copy("agents.run_summary", "run_id");
        await Copy("agents.timeline", "run_id");
        await server.Execute("analyze");
        await server.Execute("checkpoint");

        async Task Copy(string table, string run, params (string Column, string Value)[] others)
        {
            var columns = await server.Scalar<string[]>(
                $"""
                select array_agg(attname::text order by attnum) from pg_attribute
                where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''
                """);
            var values = columns.Select(column => column == run ? "c.run" : others.FirstOrDefault(other => other.Column == column).Value ?? $"p.{column}");
            await server.Execute(
                $"insert into {table} ({string.Join(", ", columns)}) select {string.Join(", ", values)} from {table} p, public.copy_of c where p.{run} = '{pattern}'");
        }
    }

    sealed record Step(double Ms, double Bytes);
}
