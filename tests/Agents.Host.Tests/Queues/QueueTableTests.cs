using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Tests.Queues;

/// <summary>What the table of the queue itself holds, on a real PostgreSQL.</summary>
public sealed class QueueTableTests : IAsyncLifetime
{
    NpgsqlDataSource database = null!;

    public async ValueTask InitializeAsync()
    {
        database = NpgsqlDataSource.Create(await TestDatabase.Create("queue"));
        foreach (var script in ReadModels.Scripts()) await Execute(script);
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData("rate openai/gpt-4o")]
    [InlineData("rate")] // of which model?
    [InlineData("nothing that comes")]
    public async Task A_run_waits_for_nothing_that_the_queue_does_not_know(string waitsFor)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Queue(waitsFor));

        Assert.Equal(("23514", "run_queue_waits_for_check"), (refused.SqlState, refused.ConstraintName));
    }

    [Fact]
    public async Task A_run_may_wait_for_each_thing_that_has_an_explanation_and_for_no_other()
    {
        foreach (var wait in Enum.GetValues<QueueWait>())
            await Queue(wait.ToString().ToLowerInvariant(), wait is QueueWait.Rate ? "openai" : null);

        var words = await Scalar<string>("select pg_get_constraintdef(oid) from pg_constraint where conname = 'run_queue_waits_for_check'");
        Assert.Equal(
            Enum.GetNames<QueueWait>().Select(name => name.ToLowerInvariant()).Order(),
            words.Split('\'').Where((_, part) => part % 2 == 1).Distinct().Order());
    }

    [Fact]
    public async Task The_index_of_the_queue_is_of_the_runs_that_are_ready() => Assert.Contains(
        "run_queue_ready",
        await Scalar<string>(
            "explain (format json) select run_id from agents.ready_run order by priority, tenant_id, key, agent, model, since, run_id limit 1",
            before: "set enable_seqscan = off; set enable_sort = off"),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_database_in_which_runs_wait_for_a_rate_in_one_text_is_brought_up_to_date()
    {
        await Execute("alter table agents.run_queue drop constraint run_queue_waits_for_check, drop column rate_provider, drop column rate_model");
        foreach (var waitsFor in new[] { "rate openai/gpt/4o", "child" })
            await Execute($"insert into agents.run_queue ({Columns}, waits_for) values ({Values}, '{waitsFor}')");

        for (var start = 0; start < 2; start++)
            foreach (var script in ReadModels.Scripts()) await Execute(script);

        Assert.Equal(
            "child, rate openai gpt/4o",
            await Scalar<string>("select string_agg(concat_ws(' ', waits_for, rate_provider, rate_model), ', ' order by waits_for) from agents.run_queue"));
    }

    [Fact]
    public async Task A_database_from_before_wait_steps_takes_runs_that_wait()
    {
        await Execute(
            """
            alter table agents.run_queue drop constraint run_queue_waits_for_check, drop column wake_at;
            alter table agents.run_queue add constraint run_queue_waits_for_check check (
              waits_for in ('approval', 'child', 'rate', 'thread') and (waits_for <> 'rate' or rate_provider is not null and rate_model is not null));
            alter table agents.run_summary drop column waits, drop column wait_since, drop column wait_until, drop column wait_signal
            """);
        await Execute($"insert into agents.run_queue ({Columns}, waits_for) values ({Values}, 'approval')");

        for (var start = 0; start < 2; start++)
            foreach (var script in ReadModels.Scripts()) await Execute(script);

        await Execute($"insert into agents.run_queue ({Columns}, waits_for, wake_at) values ({Values}, 'wait', clock_timestamp())");
        Assert.Equal(2, await Scalar<long>("select count(*) from agents.run_queue"));
        Assert.Equal(0, await Scalar<long>("select count(*) from agents.ready_run"));
    }

    [Fact]
    public async Task A_run_that_another_transaction_has_locked_keeps_no_other_from_being_set_free()
    {
        for (var run = 0; run < 2; run++) await Execute($"insert into agents.run_queue ({Columns}, node) values ({Values}, 'drained')");
        await using var connection = await database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("select run_id from agents.run_queue order by run_id limit 1 for update", connection, transaction);
        var held = (Guid)(await hold.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        var queue = new RunQueueTable(database);

        var free = await queue.SetFree("drained", []);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.DoesNotContain(held, free);
        Assert.Single(free);
        Assert.Equal([held], await queue.SetFree("drained", []));
    }

    [Fact]
    public async Task A_tenant_with_five_hundred_urgent_runs_and_one_with_a_usual_one_take_turns()
    {
        await Execute(
            $"""
            insert into agents.run_queue ({Columns})
            select 'loud', gen_random_uuid(), 'research', 9, 'waiting', now() - interval '1 minute', now() from generate_series(1, 500)
            """);
        Assert.Equal("loud", await NextTenant());
        await Execute($"insert into agents.run_queue ({Columns}) values ('quiet', gen_random_uuid(), 'research', 5, 'waiting', now(), now())");

        var turns = new[] { await NextTenant(), await NextTenant() };

        Assert.Equal(["quiet", "loud"], turns);
    }

    [Fact]
    public async Task Within_a_tenant_the_urgent_run_comes_first_however_many_wait()
    {
        await Execute(
            $"""
            insert into agents.run_queue ({Columns})
            select 'one', gen_random_uuid(), 'research', 5, 'waiting', now(), now() from generate_series(1, 100)
            """);
        await Execute($"insert into agents.run_queue ({Columns}) values ('one', gen_random_uuid(), 'clerk', 9, 'waiting', now(), now())");

        Assert.Equal("clerk", await Next("agent"));
    }

    [Fact]
    public async Task What_is_ready_and_has_room_is_given_at_once_and_counts_for_the_shares_of_its_tenants()
    {
        foreach (var tenant in new[] { "one", "two" })
            await Execute(
                $"""
                insert into agents.run_queue ({Columns})
                select '{tenant}', gen_random_uuid(), 'research', 4 + n, 'waiting', now() - n * interval '1 second', now() from generate_series(1, 2) n
                """);

        var given = await Scalar<string>($"select string_agg(tenant, ' ' order by tenant) from {Admit(slots: 5)} where run is not null");

        Assert.Equal("one one two two", given);
        Assert.Equal(0, await Scalar<long>("select count(*) from agents.ready_run"));
        Assert.Equal(
            "one 2, two 2",
            await Scalar<string>("select string_agg(tenant_id || ' ' || finished, ', ' order by tenant_id) from agents.admission_share where level = -1"));
        Assert.Equal(4, await Scalar<long>("select sum(given) from agents.admission_pace"));
    }

    [Fact]
    public async Task Of_runs_of_one_kind_the_oldest_are_given_the_free_slots()
    {
        await Execute(
            $"""
            insert into agents.run_queue ({Columns})
            select 'one', ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'research', 5, 'waiting', now() - n * interval '1 second', now()
            from generate_series(1, 5) n
            """);

        var given = await Scalar<string>($"select string_agg(right(run::text, 1), ' ') from {Admit(slots: 2)} where run is not null");

        Assert.Equal("5 4", given);
    }

    [Theory]
    [InlineData("insert into agents.admission_pause (scope, value, reason, paused_by) values ('tenant', 'two', '', 'ada')", "one")]
    [InlineData("insert into agents.admission_pause (scope, value, reason, paused_by) values ('all', '', '', 'ada')", "")]
    [InlineData("insert into agents.admission_limit (scope, value, max_runs, changed_by) values ('tenant', 'one', 0, 'ada')", "two")]
    [InlineData("insert into agents.node (name, slots, drained_at) values ('n1', 5, now())", "")]
    public async Task Where_all_that_is_ready_has_room_limits_and_pauses_count_as_well(string hindrance, string given)
    {
        foreach (var tenant in new[] { "one", "two" })
            await Execute($"insert into agents.run_queue ({Columns}) values ('{tenant}', gen_random_uuid(), 'research', 5, 'waiting', now(), now())");
        await Execute(hindrance);

        Assert.Equal(given, await Scalar<string>($"select coalesce(string_agg(tenant, ' ' order by tenant), '') from {Admit(slots: 5)} where run is not null"));
    }

    static string Admit(int slots) => $"agents.admit('n1', {slots}, 'main', 60, '{{}}')";

    Task<string> NextTenant() => Next("tenant_id");

    /// <summary>Gives the only slot of a node to a run, which ends at once.</summary>
    Task<string> Next(string column) => Scalar<string>(
        $"""
        with given as (delete from agents.run_queue where node = 'n1' returning {column} as shown)
        select shown from given
        """, before: "select * from agents.admit('n1', 1, 'offline', 60, '{}')");

    const string Columns = "tenant_id, run_id, agent, priority, state, since, deadline_at";
    const string Values = "'default', gen_random_uuid(), 'research', 5, 'running', now(), now()";

    Task Queue(string waitsFor, string? provider = null) => Execute(
        $"""
        insert into agents.run_queue ({Columns}, waits_for, rate_provider, rate_model)
        values ({Values}, '{waitsFor}', {(provider is null ? "null, null" : $"'{provider}', 'gpt-4o'")})
        """);

    async Task<T> Scalar<T>(string sql, string? before = null)
    {
        await using var connection = await database.OpenConnectionAsync();
        if (before is not null) await using (var set = new NpgsqlCommand(before, connection)) await set.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    async Task Execute(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
