using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Audit;

namespace Agents.Host.Tests.Costs;

public sealed class DashboardTests(Books books) : IClassFixture<Books>
{
    /// <summary>Five runs with more tokens each, the last of which fails: 6,500 tokens, $0.001875, an error rate of 20 %.</summary>
    [Fact]
    public async Task The_articles_own_numbers_come_out_of_ledger_endpoint_SQL_and_command_line()
    {
        var costs = new List<decimal>();
        for (var i = 0; i < 5; i++)
        {
            var usage = new Usage(500 + 200 * i, 200 + 100 * i);
            var call = await books.Call(1, usage);
            RunEvent end = i == 4 ? new RunFailed(new(FailureKind.Deadline, "The run took longer than it may.")) : new RunCompleted("Text.", []);
            var id = await books.Store("default", [.. call, end]);
            costs.Add(await books.Scalar<decimal>("select cost_usd from finance.model_call where run_id = $1", id));
        }

        Assert.Equal([0.000195m, 0.000285m, 0.000375m, 0.000465m, 0.000555m], costs);
        Assert.Equal(0.001875m, await books.Scalar<decimal>("select sum(cost_usd) from finance.daily_cost where tenant_id = 'default'"));
        Assert.Equal(
            6500m, await books.Scalar<decimal>("select sum(input_tokens + output_tokens) from finance.cost_by_tenant where tenant_id = 'default'"));
        Assert.Equal(0.00132m, await books.Scalar<decimal>("select cost_usd from finance.cost_per_completed_run where tenant_id = 'default'"));
        Assert.Equal(
            0.000555m, await books.Scalar<decimal>("select cost_usd from finance.waste where tenant_id = 'default' and kind = 'failed_run'"));
        Assert.Equal(0.001875m, await books.Scalar<decimal>("""select sum("BilledCost") from finance.focus where tenant_id = 'default'"""));

        var dashboard = await books.Get("/dashboard?window=1h&by=agent");
        Assert.Equal(0.001875m, dashboard.GetProperty("totalCostUsd").GetDecimal());
        Assert.Equal(6500, dashboard.GetProperty("totalTokens").GetInt64());
        Assert.Equal(0.2, dashboard.GetProperty("errorRate").GetDouble());
        Assert.True(dashboard.GetProperty("averageDurationSeconds").GetDouble() > 0);
        Assert.Equal((5, 4, 1), (Count("ended"), Count("completed"), Count("failed")));
        Assert.Equal(1.0, dashboard.GetProperty("callsPerRun").GetDouble());
        var research = Assert.Single(dashboard.GetProperty("items").EnumerateArray());
        Assert.Equal("research", research.GetProperty("key").GetString());
        Assert.Equal((4500, 2000), (Tokens("inputTokens"), Tokens("outputTokens")));
        Assert.Equal(1.0, research.GetProperty("figures").GetProperty("latency").GetProperty("p95Seconds").GetDouble());

        var csv = await books.Said("cost", "--by", "agent", "--csv");
        Assert.Contains("research,5,0,0,0.001875,0,4500,0,0,0,2000,0", csv, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^research +5 +4,500 +2,000 +\$0\.001875 +█+$", await books.Said("cost", "--by", "agent"));

        int Count(string name) => dashboard.GetProperty("runs").GetProperty(name).GetInt32();
        long Tokens(string name) => research.GetProperty("figures").GetProperty("tokens").GetProperty(name).GetInt64();
    }

    [Theory]
    [InlineData("window=tomorrow")]
    [InlineData("window=0h")]
    [InlineData("window=99999d")]
    [InlineData("since=yesterday")]
    [InlineData("window=1h&since=2026-11-01")]
    [InlineData("by=colour")]
    public async Task What_is_no_window_and_no_grouping_is_refused(string query) =>
        Assert.StartsWith("Bad ", (await books.Get($"/dashboard?{query}", 400)).GetProperty("title").GetString(), StringComparison.Ordinal);

    [Fact]
    public async Task What_is_lost_and_found_failed_forked_and_cached_is_told_apart_and_adds_up()
    {
        var cached = new Usage(1000, 10, CachedInputTokens: 3000);
        RunEvent[] lost =
        [
            new ModelCallScheduled(1, 1, 0, "gpt-4o-mini", TimeSpan.Zero), new ModelCallStarted(1, 1, "w1", "hash", null, 0.01m),
            new ModelCallOutcomeUnknown(1, 1, UnknownCause.WorkerLost, 0, 0.01m), new ModelCallScheduled(1, 2, 0, "gpt-4o-mini", TimeSpan.Zero),
            new ModelCallStarted(1, 2, "w1", "hash", null, 0.01m), new ModelCallOutcomeUnknown(1, 2, UnknownCause.TimedOut, 0, 0.02m),
            new SpendResolved(1, 1, 0.004m, SpendSource.Operator, "ada"),
        ];
        var run = await books.Store("told", lost.Concat(await books.Call(2, cached)).Append(new RunCancelled("ada", "enough")));
        var origin = await books.Store("told", [.. await books.Call(1, new(100, 10)), .. await books.Call(2, new(100, 10))]);
        var fork = await books.Store("told", await books.Call(1, new(100, 10)), forkedFrom: new(origin, 6));

        Assert.Equal(
            "gpt-4o-mini", await books.Scalar<string>("select model from finance.model_call where run_id = $1 and status = 'resolved'", run));
        Assert.Equal("answer", await books.Scalar<string>("select step_name from finance.model_call where run_id = $1 and status = 'resolved'", run));
        Assert.Equal(origin, await books.Scalar<Guid>("select root_run_id from finance.model_call where run_id = $1", fork));
        Assert.Equal(
            ["cancelled_run 0.000381", "forked_away 0.000021", "lost_attempt 0.004"],
            await books.Column(
                "select kind || ' ' || trim_scale(sum(cost_usd)) from finance.waste where tenant_id = 'told' group by kind order by kind"));
        Assert.Equal(0.02m, await books.Scalar<decimal>("select sum(high_usd) from finance.unconfirmed where tenant_id = 'told'"));
        Assert.Equal(0.000225m, await books.Scalar<decimal>("select saved_usd from finance.cache_saving where tenant_id = 'told'"));
        Assert.Equal(100 * 0.075m / 1_000_000, await books.Scalar<decimal>("select missed_usd from finance.cache_miss where tenant_id = 'told'"));

        var report = await Reconciliation.Run(books.Connection, ledger: null, "told", CancellationToken.None);
        Assert.All(report!.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.True(report.Invariants.All(invariant => invariant.Checked > 0));
    }
}
