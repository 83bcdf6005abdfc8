using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Host.Engine.Duties;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>
/// How long each view and the dashboard take over a ledger of a million calls of a year, for a usual window and for all of it, and by which index.
/// </summary>
static partial class FinanceViews
{
    const int CallsPerRun = 5;
    const int Days = 365;
    const int Times = 5;

    /// <summary>Which views have a row for each run: of a year they are as long as the list of its runs.</summary>
    static readonly (string Name, bool OfRuns)[] Views =
    [
        ("daily_cost", false), ("cost_by_tenant", false), ("cost_by_agent", false), ("cost_by_model", false), ("cost_by_run", true),
        ("cost_per_completed_run", false),
        ("waste", false), ("cache_saving", false), ("cache_miss", false), ("unconfirmed", false),
    ];

    /// <summary><c>[--rows N] [--days N] [--json]</c>; 0 when every median of the usual window is at most 200 ms.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (rows, days) = (Steps.Number(args, "--rows", 1_000_000), Steps.Number(args, "--days", 30));
        await using var server = await BenchmarkServer.Start([], "--Workers:MaxRuns=0");
        await Fill(server, rows);
        var closing = Stopwatch.StartNew();
        await CloseDays.CloseAll(server.Database, CancellationToken.None);
        var closed = Math.Round(closing.Elapsed.TotalMilliseconds / Days, 1);
        await Execute(server, "analyze finance.day_sum, finance.day_latency, finance.day_run, finance.day_waste");

        var figures = new List<Figure>();
        foreach (var window in new[] { days, Days }.Distinct())
        {
            foreach (var (view, ofRuns) in Views.Where(view => window == days || !view.OfRuns))
            {
                var sql = $"select * from finance.{view} where tenant_id = 'default' and day > current_date - {window}";
                figures.Add(new(view, window, await Median(async () => await Drain(server, sql)), await Indexes(server, sql)));
            }

            foreach (var by in new[] { "agent", "model", "step", "day" })
                figures.Add(new(
                    $"GET /dashboard by {by}", window,
                    await Median(async () => _ = await server.Client.GetStringAsync($"/dashboard?window={window}d&by={by}")), ""));
        }

        Console.WriteLine(JsonSerializer.Serialize(new { rows, yearOfDays = Days, millisecondsToCloseADay = closed, figures }, Benchmark.Indented));
        return figures.Where(figure => figure.WindowInDays == days).Max(figure => figure.Milliseconds) <= 200 ? 0 : 1;
    }

    sealed record Figure(string View, int WindowInDays, double Milliseconds, string Index);

    /// <summary>Runs of one tenant, evenly over a year, in the order in which they would have been written.</summary>
    static async Task Fill(BenchmarkServer server, int rows)
    {
        await Execute(server,
            $"""
            insert into agents.run_summary (tenant_id, run_id, agent, agent_version, status, priority, question, requested_by, model, model_calls, cost_usd,
              max_duration, queued_at, finished_at, root_run_id)
            select 'default', id, 'agent' || n % 8, 1, case when n % 50 = 0 then 'failed' when n % 70 = 0 then 'cancelled' else 'completed' end, 5, 'q', 'ada', 'gpt-4o-mini',
              {CallsPerRun}, 0.001, interval '1 h', at, at + interval '9 s', id
            from (select n, gen_random_uuid() as id, now() - interval '{Days} days' * (1 - n::numeric / {rows / CallsPerRun}) as at
              from generate_series(1, {rows / CallsPerRun}) n) runs
            """);
        await Execute(server,
            $"""
            insert into finance.model_call (tenant_id, run_id, version, at, day, agent, root_run_id, step, step_name, call, attempt, status, model, provider,
              input_tokens, cached_input_tokens, cache_write_5_minutes_tokens, cache_write_1_hour_tokens, output_tokens, reasoning_tokens, cost_usd, price_version,
              input_price_usd, cached_input_price_usd, cache_write_5_minutes_price_usd, cache_write_1_hour_price_usd, output_price_usd, reasoning_price_usd,
              high_usd, low_usd, latency_ms)
            select tenant_id, run_id, 10 * c, queued_at + interval '1 s' * c, ((queued_at + interval '1 s' * c) at time zone 'UTC')::date, agent, run_id, c, 'step ' || c,
              c, 1, s, 'model' || c, 'openai', t, 500, 0, 0, 100, 0,
              case s when 'completed' then 0.000001 * (t * 0.15 + 500 * 0.075 + 100 * 0.6) end, 'v', 0.15, 0.075, 0.15, 0.15, 0.6, 0.6,
              case s when 'unknown' then 0.01 end, case s when 'unknown' then 0 end, 400 + t
            from (select r.*, c, 1000 + hashtext(r.run_id::text) % 500 as t, case when c = 3 and hashtext(r.run_id::text) % 200 = 0 then 'unknown' else 'completed' end as s
              from agents.run_summary r cross join generate_series(1, {CallsPerRun}) c order by r.queued_at, c) calls
            """);
        await Execute(server, "vacuum analyze finance.model_call");
        await Execute(server, "vacuum analyze agents.run_summary");
    }

    static async Task<double> Median(Func<Task> act)
    {
        await act(); // warm up
        var times = new List<double>();
        for (var time = 0; time < Times; time++)
        {
            var started = Stopwatch.GetTimestamp();
            await act();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return Math.Round(times.Order().ElementAt(Times / 2), 1);
    }

    static async Task Drain(BenchmarkServer server, string sql)
    {
        await using var command = server.Database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
        }
    }

    static async Task<string> Indexes(BenchmarkServer server, string sql)
    {
        await using var command = server.Database.CreateCommand($"explain {sql}");
        await using var rows = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await rows.ReadAsync()) plan.Add(rows.GetString(0));
        return string.Join(", ", plan.SelectMany(line => Scan().Matches(line)).Select(match => match.Value).Distinct());
    }

    static async Task Execute(BenchmarkServer server, string sql)
    {
        await using var connection = await server.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex("(?<=using |Bitmap Index Scan on )[a-z_]+|Seq Scan on [a-z_]+")]
    private static partial Regex Scan();
}
