using Agents.Domain.Runs;
using Agents.Host.Api.Costs;
using Agents.Host.Audit;
using Agents.Host.Engine.Duties;
using Marten;
using Npgsql;

namespace Agents.Host.Tests.Costs;

public sealed class ClosedDayTests(Books books) : IClassFixture<Books>
{
    /// <summary>What is asked of days; each must be the same whether the day is open or closed.</summary>
    static readonly string[] Views = [
        "daily_cost", "cost_by_tenant", "cost_by_agent", "cost_by_model", "cache_saving", "cache_miss", "waste", "cost_per_completed_run"];

    [Fact]
    public async Task A_closed_day_has_the_sums_of_its_calls_and_opens_again_for_one_more()
    {
        await books.Store("closed", [.. await books.Call(1, new(1000, 10, CachedInputTokens: 300)), .. await books.Call(2, new(4000, 20)),
            .. await books.Call(3, new(5, 1), "unknown-model")]);
        var open = await All("closed");
        await Close("closed");

        Assert.Equal(0, await books.Scalar<long>("select count(*) from finance.open_day where tenant_id = 'closed'"));
        Assert.Equal(2, await books.Scalar<long>("select count(*) from finance.day_sum where tenant_id = 'closed'"));
        Assert.Equal(open, await All("closed"));
        await Reconciles("closed");

        await books.Store("closed", await books.Call(1, new(7, 7)));
        Assert.Equal(1, await books.Scalar<long>("select count(*) from finance.open_day where tenant_id = 'closed'"));
        Assert.Equal(4m, await books.Scalar<decimal>("select sum(calls) from finance.daily_cost where tenant_id = 'closed'"));
        await Reconciles("closed");

        await Close("closed");
        Assert.Equal(4m, await books.Scalar<decimal>("select sum(calls) from finance.daily_cost where tenant_id = 'closed'"));
        await Reconciles("closed");
    }

    [Fact]
    public async Task A_day_is_closed_when_it_is_over_and_not_before()
    {
        await books.Store("over", await books.Call(1, new(10, 10)));
        await using (var command = books.Database.CreateCommand(
            "alter table finance.model_call disable trigger append_only; "
            + "update finance.model_call set day = day - 1, at = at - interval '1 day' where tenant_id = 'over'"))
            await command.ExecuteNonQueryAsync();
        await books.Store("over", await books.Call(1, new(10, 10)));

        await CloseDays.CloseAll(books.Database, CancellationToken.None);

        Assert.Equal(1, await books.Scalar<long>(
            "select count(*) from finance.open_day where tenant_id = 'over' and day = (clock_timestamp() at time zone 'UTC')::date"));
        Assert.Equal(1, await books.Scalar<long>("select count(*) from finance.day_sum where tenant_id = 'over'"));
        Assert.Equal(2m, await books.Scalar<decimal>("select sum(calls) from finance.daily_cost where tenant_id = 'over'"));
    }

    [Fact]
    public async Task Closing_a_day_waits_for_a_call_that_is_being_written_to_it()
    {
        await books.Store("racing", await books.Call(1, new(10, 10)));
        await using var connection = await books.Database.OpenConnectionAsync();
        await using var writing = await connection.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand(
            "insert into finance.model_call (tenant_id, run_id, version, at, day, call, attempt, status) select tenant_id, run_id, 100, at, day, 2, 1, 'completed' from finance.model_call where tenant_id = 'racing'",
            connection))
            await insert.ExecuteNonQueryAsync();

        var closing = Close("racing");
        while (await books.Scalar<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted and objsubid = 2") == 0)
            Assert.False(closing.IsCompleted);
        await writing.CommitAsync();
        await closing;

        Assert.Equal(2m, await books.Scalar<decimal>("select sum(calls) from finance.day_sum where tenant_id = 'racing'"));
        Assert.Equal(2m, await books.Scalar<decimal>("select sum(calls) from finance.daily_cost where tenant_id = 'racing'"));
    }

    [Fact]
    public async Task The_dashboard_of_closed_days_has_the_same_money_and_latencies_within_a_hundredth()
    {
        for (var run = 1; run <= 20; run++) await books.Store("timed", await books.Call(run, new(100 * run, 10)));
        var open = await Dashboard("timed");
        await Close("timed");
        var closed = await Dashboard("timed");

        Assert.Equal(10, open.Calls.Latency!.P50Seconds);
        Assert.Equal(19, open.Calls.Latency.P95Seconds);
        Assert.Equal(open.TotalCostUsd, closed.TotalCostUsd);
        Assert.Equal(open.Calls with { Latency = null }, closed.Calls with { Latency = null });
        var (exact, near) = (open.Items.Single().Figures.Latency!, closed.Items.Single().Figures.Latency!);
        foreach (var (one, other) in new[] { (exact.AverageSeconds, near.AverageSeconds), (exact.P50Seconds, near.P50Seconds),
            (exact.P95Seconds, near.P95Seconds), (exact.P99Seconds, near.P99Seconds) })
            Assert.InRange(other, one * 0.99, one * 1.01);
    }

    [Fact]
    public async Task What_became_of_runs_is_the_same_whether_their_day_is_open_or_closed()
    {
        for (var run = 1; run <= 6; run++)
            await books.Store("ended", [.. await books.Call(1, new(100 * run, 10)),
                run % 3 == 0 ? Failed : run % 3 == 1 ? new RunCompleted("Done.", []) : new RunCancelled("ada", "")]);
        var (open, dashboard) = (await All("ended"), await Dashboard("ended"));
        await Close("ended");
        var closed = await Dashboard("ended");

        Assert.Equal(open, await All("ended"));
        Assert.Equal((6, 2, 2, 2), (dashboard.Runs.Ended, dashboard.Runs.Completed, dashboard.Runs.Failed, dashboard.Runs.Cancelled));
        Assert.Equal(dashboard.Runs with { Duration = null }, closed.Runs with { Duration = null });
        Assert.Equal(dashboard.AverageDurationSeconds!.Value, closed.AverageDurationSeconds!.Value, 1e-9);
        Assert.InRange(closed.Runs.Duration!.P95Seconds, dashboard.Runs.Duration!.P95Seconds * 0.99, dashboard.Runs.Duration.P95Seconds * 1.01);
        Assert.Equal([("cancelled_run", 2L), ("failed_run", 2L)], closed.Waste.Select(waste => (waste.Kind, waste.Attempts)));
        Assert.Equal(dashboard.Waste, closed.Waste);
        await Reconciles("ended");
    }

    [Fact]
    public async Task The_days_of_calls_open_again_when_their_run_fails_or_another_goes_on_from_it()
    {
        var failing = await books.Store("judged", await books.Call(1, new(1000, 10)));
        var left = await books.Store("judged", await books.Call(1, new(3000, 10)));
        await Close("judged");
        Assert.Empty(await Wasted());

        await using (var session = books.Host.DocumentStore().LightweightSession("judged"))
        {
            session.Events.Append(failing, 7, Failed);
            await session.SaveChangesAsync();
        }

        Assert.Equal(["failed_run 1"], await Wasted());
        await Close("judged");
        await books.Store("judged", [], forkedFrom: new(left, 3));
        Assert.Equal(["failed_run 1", "forked_away 1"], await Wasted());
        await Close("judged");
        Assert.Equal(["failed_run 1", "forked_away 1"], await Wasted());
        await Reconciles("judged");

        Task<IReadOnlyList<string>> Wasted() =>
            books.Column("select kind || ' ' || attempts from finance.waste where tenant_id = 'judged' order by kind");
    }

    static RunFailed Failed => new(new(FailureKind.Rejected, "No."));

    async Task<Dashboard> Dashboard(string tenant)
    {
        await using var connection = await books.Database.OpenConnectionAsync();
        return await DashboardReader.Read(connection, tenant, Day(-1), Day(2), "agent", CancellationToken.None);
    }

    static DateTimeOffset Day(int days) => new(DateTime.UtcNow.Date.AddDays(days), TimeSpan.Zero);

    async Task Close(string tenant)
    {
        await using var command = books.Database.CreateCommand(
            "do $$ declare d record; begin for d in select * from finance.open_day where tenant_id = '" + tenant
            + "' loop call finance.close_day(d.tenant_id, d.day); end loop; end $$");
        await command.ExecuteNonQueryAsync();
    }

    async Task<List<string>> All(string tenant)
    {
        var rows = new List<string>();
        foreach (var view in Views)
            rows.AddRange((await books.Column($"select row_to_json(v)::text from finance.{view} v where tenant_id = '{tenant}'"))
                .Select(row => $"{view} {row}").Order(StringComparer.Ordinal));
        return rows;
    }

    async Task Reconciles(string tenant)
    {
        var report = await Reconciliation.Run(books.Connection, ledger: null, tenant, CancellationToken.None);
        Assert.All(report!.Invariants, invariant => Assert.Empty(invariant.Shown));
    }
}
