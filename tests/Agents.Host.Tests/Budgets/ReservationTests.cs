using Npgsql;

namespace Agents.Host.Tests.Budgets;

/// <summary>The procedures that reserve and settle, on a real PostgreSQL, called as claims and outcomes call them.</summary>
public sealed class ReservationTests(BudgetDatabase budgets) : IClassFixture<BudgetDatabase>
{
    const int Rounds = 100;
    const int Calls = 100;
    const int Room = 10;

    readonly NpgsqlDataSource database = budgets.Source;

    [Fact]
    public async Task Of_a_hundred_calls_at_once_exactly_the_ten_that_there_is_room_for_are_admitted_a_hundred_times()
    {
        using var over = new CancellationTokenSource();
        var sampling = Sample(over.Token);
        for (var round = 1; round <= Rounds; round++)
        {
            var tenant = $"round {round}";
            await SetBudget(tenant, "tenant", tenant, "day", 1.00m);
            await SetBudget(tenant, "agent", "research", "total", 5.00m);

            var calls = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => Reserve(tenant, 0.10m)));

            var admitted = calls.OfType<Guid>().ToList();
            Assert.Equal(Room, admitted.Count);
            Assert.Equal((0m, 1.00m), await Period(tenant, "tenant"));
            Assert.Equal((0m, 1.00m), await Period(tenant, "agent"));

            await Task.WhenAll(admitted.Select(run => Settle(tenant, run, "settled", 0.10m)));
            Assert.Equal((1.00m, 0m), await Period(tenant, "tenant"));
        }

        await over.CancelAsync();
        Assert.True(await sampling > 0);
    }

    [Fact]
    public async Task What_two_scopes_refuse_and_grant_leaves_no_trace_in_either()
    {
        await SetBudget("both", "agent", "research", "day", 9m);
        await SetBudget("both", "tenant", "both", "day", 1m);

        Assert.Null(await Reserve("both", 1.5m)); // the agent's has room, the tenant's has not

        Assert.Equal(0L, await Scalar<long>("select count(*) from finance.reservation where tenant_id = 'both'"));
        Assert.Equal(0L, await Scalar<long>("select count(*) from finance.budget_period where tenant_id = 'both'"));
    }

    [Fact]
    public async Task A_refusal_names_the_tightest_budget_and_keeps_its_room_for_a_smaller_call_of_the_same_transaction()
    {
        await SetBudget("tight", "agent", "research", "day", 1.2m);
        await SetBudget("tight", "tenant", "tight", "month", 0.7m);
        await SetBudget("tight", "tenant", "tight", "total", 9m);
        var run = Guid.CreateVersion7();
        await using var claim = await database.OpenConnectionAsync();
        await using var transaction = await claim.BeginTransactionAsync();

        Assert.Equal("tenant tight by month: 0.7", await Refusal(claim, "tight", run, 1.5m));
        var rival = Reserve("tight", 0.1m); // waits until the transaction ends
        Assert.Null(await Refusal(claim, "tight", run, 0.7m));
        await transaction.CommitAsync();

        Assert.Null(await rival);
        Assert.Equal(["agent 0.7", "tenant 0.7", "tenant 0.7"],
            await Rows("select scope || ' ' || trim_scale(reserved_usd) from finance.budget_period where tenant_id = 'tight' order by 1"));
        Assert.Equal(3L, await Scalar<long>("select count(*) from finance.reservation where tenant_id = 'tight'"));
    }

    [Fact]
    public async Task Two_calls_that_draw_on_the_same_budgets_never_wait_for_each_other_in_a_circle()
    {
        foreach (var (scope, value) in new[] { ("tenant", "circle"), ("key", "ada"), ("agent", "research") })
            foreach (var period in new[] { "day", "month", "total" })
                await SetBudget("circle", scope, value, period, 1_000_000m);

        var runs = await Task.WhenAll(Enumerable.Range(0, 300).Select(async _ =>
        {
            var run = await Reserve("circle", 1m, key: "ada");
            await Settle("circle", run!.Value, "settled", 0.5m);
            return run;
        }));

        Assert.Equal(300 * 9L, await Scalar<long>("select count(*) from finance.reservation where tenant_id = 'circle' and state = 'settled'"));
        Assert.Equal(9 * 150m, await Scalar<decimal>("select sum(spent_usd) from finance.budget_period where tenant_id = 'circle'"));
        Assert.Equal(300, runs.Distinct().Count());
    }

    [Fact]
    public async Task Two_keys_of_one_name_share_a_budget_only_when_it_goes_by_the_name()
    {
        await Execute(
            """
            insert into agents.api_key (id, tenant_id, role, name, hash) values
              ('twin1', 'twins', 'operator', 'ci', 'twin1'), ('twin2', 'twins', 'operator', 'ci', 'twin2'),
              ('rogue', 'twins', 'operator', 'twin1', 'rogue')
            """);
        await SetBudget("twins", "key", "twin1", "day", 1m);
        await SetBudget("twins", "key", "ci", "total", 2m);

        Assert.Equal("key twin1 by day: 1", await RefusalOf("ci", "twin1", 1.5m));
        Assert.Null(await RefusalOf("ci", "twin2", 1.5m));
        Assert.Equal("key ci by total: 2", await RefusalOf("ci", "twin2", 2.5m));
        Assert.Null(await RefusalOf("twin1", "rogue", 5m)); // its name is the id of another key

        async Task<string?> RefusalOf(string name, string key, decimal upper)
        {
            var run = Guid.CreateVersion7();
            await Execute(
                """
                insert into agents.run_summary (tenant_id, run_id, agent, agent_version, status, priority, question, requested_by, model,
                  max_duration, queued_at, requested_by_key)
                values ('twins', $1, 'research', 1, 'running', 5, 'Who pays?', $2, 'm', '1 hour', now(), $3)
                """, run, name, key);
            await using var claim = await database.OpenConnectionAsync();
            await using var transaction = await claim.BeginTransactionAsync(); // of which nothing is kept
            return await Refusal(claim, "twins", run, upper, name);
        }
    }

    [Fact]
    public async Task An_outcome_told_twice_counts_once()
    {
        await SetBudget("twice", "tenant", "twice", "total", 1m);
        var run = (await Reserve("twice", 0.5m))!.Value;

        await Settle("twice", run, "settled", 0.2m);
        await Settle("twice", run, "settled", 0.2m);
        await Settle("twice", run, "unconfirmed", null);
        await Settle("twice", run, "resolved", 0.4m);

        Assert.Equal((0.2m, 0m), await Period("twice", "tenant"));
    }

    [Fact]
    public async Task An_unknown_outcome_is_spent_at_its_upper_bound_until_it_is_resolved()
    {
        await SetBudget("unknown", "tenant", "unknown", "total", 1m);
        var run = (await Reserve("unknown", 0.7m))!.Value;

        await Settle("unknown", run, "unconfirmed", null);
        Assert.Equal((0.7m, 0m), await Period("unknown", "tenant"));
        Assert.Equal(0.7m, await Scalar<decimal>("select unconfirmed_usd from finance.budget_period where tenant_id = 'unknown'"));
        Assert.Null(await Reserve("unknown", 0.4m));

        await Settle("unknown", run, "resolved", 0.3m);
        Assert.Equal((0.3m, 0m), await Period("unknown", "tenant"));
        Assert.Equal(0m, await Scalar<decimal>("select unconfirmed_usd from finance.budget_period where tenant_id = 'unknown'"));
        Assert.NotNull(await Reserve("unknown", 0.4m));
    }

    [Fact]
    public async Task A_reply_at_unknown_cost_is_spent_at_its_upper_bound_and_a_refused_call_gives_it_back()
    {
        await SetBudget("odd", "tenant", "odd", "total", 1m);
        await Settle("odd", (await Reserve("odd", 0.3m))!.Value, "settled", null);
        await Settle("odd", (await Reserve("odd", 0.6m))!.Value, "settled", 0m);

        Assert.Equal((0.3m, 0m), await Period("odd", "tenant"));
    }

    [Fact]
    public async Task A_bill_above_its_reservation_is_booked_and_the_next_call_is_refused()
    {
        await SetBudget("over", "tenant", "over", "total", 1m);

        await Settle("over", (await Reserve("over", 1m))!.Value, "settled", 1.25m);

        Assert.Equal((1.25m, 0m), await Period("over", "tenant"));
        Assert.Null(await Reserve("over", 0m + 0.01m));
    }

    [Fact]
    public async Task A_limit_lowered_below_what_is_spent_admits_nothing_and_breaks_nothing()
    {
        await SetBudget("lower", "tenant", "lower", "total", 1m);
        var inFlight = (await Reserve("lower", 0.8m))!.Value;

        await SetBudget("lower", "tenant", "lower", "total", 0.5m);

        Assert.Null(await Reserve("lower", 0.01m));
        await Settle("lower", inFlight, "settled", 0.8m);
        Assert.Equal((0.8m, 0m), await Period("lower", "tenant"));
    }

    [Fact]
    public async Task A_new_period_begins_with_nothing_spent_and_late_outcomes_are_booked_in_their_own()
    {
        await SetBudget("turn", "tenant", "turn", "day", 1m);
        var late = (await Reserve("turn", 0.9m))!.Value;
        await Execute("update finance.budget_period set starts_on = starts_on - 1 where tenant_id = 'turn'");
        await Execute("update finance.reservation set starts_on = starts_on - 1 where tenant_id = 'turn'");

        Assert.NotNull(await Reserve("turn", 0.9m));
        await Settle("turn", late, "settled", 0.4m);

        Assert.Equal(
            ["0.4 0", "0 0.9"],
            await Rows(
                "select trim_scale(spent_usd) || ' ' || trim_scale(reserved_usd) from finance.budget_period where tenant_id = 'turn' order by starts_on"));
    }

    [Theory]
    [InlineData("day", "2026-03-31 23:59:59.999+00", "2026-03-31", "2026-04-01")]
    [InlineData("day", "2026-04-01 01:00+02", "2026-03-31", "2026-04-01")]
    [InlineData("month", "2026-02-28 23:59+00", "2026-02-01", "2026-03-01")]
    [InlineData("month", "2028-02-29 12:00+00", "2028-02-01", "2028-03-01")]
    [InlineData("total", "2026-02-28 23:59+00", "-infinity", null)]
    public async Task Periods_turn_at_midnight_UTC(string period, string at, string from, string? until)
    {
        Assert.Equal(from, await Scalar<string>($"select finance.period_start('{period}', '{at}')::text"));
        Assert.Equal(until, (await Rows($"select finance.period_end('{period}', finance.period_start('{period}', '{at}'))::text")).Single());
    }

    [Fact]
    public async Task Each_threshold_is_an_event_once_in_a_period_for_each_limit()
    {
        await SetBudget("mark", "tenant", "mark", "month", 1m);
        await Settle("mark", (await Reserve("mark", 0.49m))!.Value, "settled", 0.49m);
        Assert.Empty(await Percents());

        await Settle("mark", (await Reserve("mark", 0.01m))!.Value, "settled", 0.01m);
        Assert.Equal(["50 of 1"], await Percents());
        await Settle("mark", (await Reserve("mark", 0.05m))!.Value, "settled", 0.05m);
        Assert.Equal(["50 of 1"], await Percents());

        await Settle("mark", (await Reserve("mark", 0.45m))!.Value, "settled", 0.45m);
        Assert.Equal(["50 of 1", "80 of 1", "100 of 1"], await Percents());

        await SetBudget("mark", "tenant", "mark", "month", 2m);
        Assert.Equal(["50 of 1", "80 of 1", "100 of 1", "50 of 2"], await Percents());

        Task<List<string?>> Percents() => Rows(
            "select percent || ' of ' || trim_scale(limit_usd) from finance.budget_event where tenant_id = 'mark' order by at, limit_usd, percent");
    }

    [Fact]
    public async Task A_call_without_a_price_is_refused_where_a_budget_is_in_force_unless_it_may()
    {
        Assert.NotNull(await Reserve("free", null));
        await SetBudget("free", "tenant", "free", "day", 1m);

        Assert.Null(await Reserve("free", null));
        Assert.NotNull(await Reserve("free", null, mayBeUnpriced: true));
        Assert.Equal(0L, await Scalar<long>("select count(*) from finance.reservation where tenant_id = 'free'"));
    }

    [Fact]
    public async Task A_budget_removed_and_set_again_in_its_period_remembers_what_was_spent()
    {
        await SetBudget("again", "tenant", "again", "month", 1m);
        await Settle("again", (await Reserve("again", 0.9m))!.Value, "settled", 0.9m);

        await SetBudget("again", "tenant", "again", "month", null);
        Assert.NotNull(await Reserve("again", 5m));
        await SetBudget("again", "tenant", "again", "month", 1m);

        Assert.Null(await Reserve("again", 0.2m));
        Assert.Equal(3L, await Scalar<long>("select count(*) from finance.budget_change where tenant_id = 'again'"));
    }

    [Fact]
    public async Task The_record_of_changes_can_only_grow()
    {
        await SetBudget("record", "tenant", "record", "month", 1m);
        await SetBudget("record", "tenant", "record", "month", 1m); // no change

        Assert.Equal([" 1"],
            await Rows("select coalesce(old_limit_usd::text, '') || ' ' || new_limit_usd from finance.budget_change where tenant_id = 'record'"));
        await Assert.ThrowsAsync<PostgresException>(() => Execute("delete from finance.budget_change where tenant_id = 'record'"));
        await Assert.ThrowsAsync<PostgresException>(() => Execute("update finance.budget_change set by = 'nobody' where tenant_id = 'record'"));
    }

    /// <summary>Looks again and again whether any budget is exceeded; gives how often it looked.</summary>
    async Task<int> Sample(CancellationToken until)
    {
        var looks = 0;
        while (!until.IsCancellationRequested)
        {
            Assert.Equal(0L, await Scalar<long>(
                "select count(*) from finance.budget_period where spent_usd + reserved_usd > limit_usd and tenant_id like 'round %'"));
            looks++;
        }

        return looks;
    }

    /// <summary>
    /// The run whose call was admitted. Null when a budget refused it; the transaction then ends as a claim's does, without storing anything.
    /// </summary>
    async Task<Guid?> Reserve(string tenant, decimal? upper, string key = "operator", bool mayBeUnpriced = false)
    {
        var run = Guid.CreateVersion7();
        await using var claim = await database.OpenConnectionAsync();
        await using var transaction = await claim.BeginTransactionAsync();
        if (await Refusal(claim, tenant, run, upper, key, mayBeUnpriced) is not null) return null;

        await transaction.CommitAsync();
        return run;
    }

    /// <summary>The budget that refuses a call, and its room. Null when the call is reserved.</summary>
    static async Task<string?> Refusal(
        NpgsqlConnection claim, string tenant, Guid run, decimal? upper, string key = "operator", bool mayBeUnpriced = false)
    {
        await using var command = new NpgsqlCommand(
            """
            select scope || ' ' || value || ' by ' || period || ': ' || trim_scale(limit_usd - spent_usd - reserved_usd)
            from finance.try_reserve($1, $2, $2, 'research', $3, 1, 1, $4::numeric, $5)
            """, claim);
        foreach (var value in new object[] { tenant, run, key, (object?)upper ?? DBNull.Value, mayBeUnpriced })
            command.Parameters.Add(new() { Value = value });
        return (string?)await command.ExecuteScalarAsync();
    }

    Task Settle(string tenant, Guid run, string outcome, decimal? cost) =>
        Execute("call finance.settle($1, $2, 1, 1, $3, $4::numeric)", tenant, run, outcome, (object?)cost ?? DBNull.Value);

    Task SetBudget(string tenant, string scope, string value, string period, decimal? limit) =>
        Execute("select finance.set_budget($1, $2, $3, $4, $5::numeric, null, 'ada')", tenant, scope, value, period, (object?)limit ?? DBNull.Value);

    async Task<(decimal Spent, decimal Reserved)> Period(string tenant, string scope)
    {
        await using var command = database.CreateCommand(
            "select spent_usd, reserved_usd from finance.budget_period where tenant_id = $1 and scope = $2");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = scope });
        await using var rows = await command.ExecuteReaderAsync();
        Assert.True(await rows.ReadAsync());
        return (rows.GetDecimal(0), rows.GetDecimal(1));
    }

    async Task<List<string?>> Rows(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync();
        var found = new List<string?>();
        while (await rows.ReadAsync()) found.Add(rows.IsDBNull(0) ? null : rows.GetString(0));
        return found;
    }

    async Task<T> Scalar<T>(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    async Task Execute(string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
