using System.Diagnostics;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;

namespace Agents.Benchmarks;

/// <summary>
/// Model calls per second with and without budgets in force, on many tenants, in pairs of rounds whose order alternates. The model is the offline
/// one: it answers at once, so that what surrounds a call is measured.
/// </summary>
static class BudgetCheck
{
    const int CallsPerRun = 5;

    static readonly AgentDefinition Caller = new()
    {
        Name = "caller",
        Steps = [.. Enumerable.Range(1, CallsPerRun).Select(step => new ModelStep($"step {step}", "Answer."))],
    };

    /// <summary><c>[--runs N] [--at-once N] [--tenants N] [--pairs N] [--scopes 1|2|3]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (runs, atOnce, tenants) = (Steps.Number(args, "--runs", 160), Steps.Number(args, "--at-once", 32), Steps.Number(args, "--tenants", 32));
        var (pairs, scopes) = (Steps.Number(args, "--pairs", 8), Steps.Number(args, "--scopes", 1));
        await using var server = await BenchmarkServer.Start([Caller], $"--Workers:MaxRuns={atOnce}");
        await Round(server, runs, tenants); // warm up
        await SetBudgets(server, tenants, scopes);
        await Round(server, runs, tenants);

        var figures = new List<(double Without, double With)>();
        for (var pair = 0; pair < pairs; pair++)
        {
            var first = pair % 2 == 0;
            var one = await Measure(server, runs, tenants, first ? 0 : scopes);
            var other = await Measure(server, runs, tenants, first ? scopes : 0);
            figures.Add(first ? (one, other) : (other, one));
        }

        var ratios = figures.Select(figure => figure.With / figure.Without).Order().ToList();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            runs, callsPerRun = CallsPerRun, atOnce, tenants, budgetsPerTenant = scopes,
            pairs = figures.Select(figure => new { callsPerSecondWithout = Math.Round(figure.Without), callsPerSecondWith = Math.Round(figure.With),
                ratio = Math.Round(figure.With / figure.Without, 3) }),
            medianRatio = Math.Round((ratios[(ratios.Count - 1) / 2] + ratios[ratios.Count / 2]) / 2, 3), lowest = Math.Round(ratios[0], 3),
            highest = Math.Round(ratios[^1], 3),
            reservations = await server.Scalar<long>("select count(*) from finance.reservation"),
        }, Benchmark.Indented));
        return 0;
    }

    static async Task<double> Measure(BenchmarkServer server, int runs, int tenants, int scopes)
    {
        await SetBudgets(server, tenants, scopes);
        await server.Execute("checkpoint");
        return await Round(server, runs, tenants);
    }

    /// <summary>Calls per second, from queueing to the last completion.</summary>
    static async Task<double> Round(BenchmarkServer server, int runs, int tenants)
    {
        var ids = Enumerable.Range(0, runs).Select(_ => Guid.CreateVersion7()).ToArray();
        var store = server.Service<IDocumentStore>();
        var queued = new RunQueued("caller", 1, "", "offline-extractive-1", "What is there?", 5, "benchmark", TimeSpan.FromHours(1));
        await using (var session = store.LightweightSession("t0")) // a run names its definition by content
        {
            queued = queued with { DefinitionHash = Definitions.Store(session, Caller) };
            await session.SaveChangesAsync();
        }

        var started = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(ids.Index(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (run, ct) =>
        {
            await using var session = store.LightweightSession($"t{run.Index % tenants}");
            session.Events.StartStream<Run>(run.Item, queued);
            await session.SaveChangesAsync(ct);
        });
        var list = string.Join(",", ids.Select(id => $"'{id}'"));
        while (await server.Scalar<long>($"select count(*) from agents.run_summary where run_id in ({list}) and finished_at is null") > 0)
            await Task.Delay(20);
        return runs * CallsPerRun / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    static async Task SetBudgets(BenchmarkServer server, int tenants, int scopes)
    {
        var all = new[] { ("tenant", "'t' || n"), ("agent", "'caller'"), ("key", "'benchmark'") };
        await server.Execute("delete from finance.budget");
        foreach (var (scope, value) in all.Take(scopes))
            await server.Execute(
                $"select finance.set_budget('t' || n, '{scope}', {value}, 'day', 1000000, null, 'benchmark') from generate_series(0, {tenants - 1}) n");
    }
}
