using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Host.Cli;
using Agents.Host.Engine.Duties;
using Agents.Projections;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Agents.Host.Tests.Costs;

public sealed partial class FinanceSchemaTests(Books books) : IClassFixture<Books>
{
    const string Password = "correct horse battery";

    [Fact]
    public async Task Every_table_view_and_column_of_finance_says_what_it_is() => Assert.Empty(await books.Column(
        """
        select c.relname || coalesce('.' || a.attname, '') from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'finance'
        left join lateral (select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
          union all select null, 0) a on true
        where c.relkind in ('r', 'v', 'm')
          and col_description(c.oid, a.attnum) is null and (a.attnum > 0 or obj_description(c.oid, 'pg_class') is null)
        """));

    [Fact]
    public async Task The_finance_role_runs_the_queries_of_the_handbook_and_is_refused_everything_else()
    {
        await books.Store("default", [.. await books.Call(1, new(1000, 100))]);
        Assert.Contains("create role agents_finance", await Run(null, "finance", "role"), StringComparison.Ordinal);
        await Run(Password + "\n", "finance", "role", "--apply", "--password-stdin");
        var login = new NpgsqlConnectionStringBuilder(books.Connection) { Username = "agents_finance", Password = Password, Pooling = false };
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        await connection.OpenAsync();

        var queries = Sql().Matches(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "finance.md")))
            .Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(12, queries.Count);
        foreach (var query in queries)
        {
            await using var command = new NpgsqlCommand(query, connection);
            await using var rows = await command.ExecuteReaderAsync();
            Assert.True(rows.FieldCount > 1);
        }

        foreach (var refused in Refused)
        {
            await using var command = new NpgsqlCommand(refused, connection);
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege,
                (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
        }

        await using var settings = new NpgsqlCommand(
            """
            select concat_ws(' ', current_setting('statement_timeout'), current_setting('default_transaction_read_only'),
              current_setting('temp_file_limit'))
            """, connection);
        Assert.Equal("30s on 1GB", await settings.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_statement_of_the_finance_role_ends_although_the_role_has_lifted_its_limit()
    {
        await Run(Password + "\n", "finance", "role", "--apply", "--password-stdin");
        var login = new NpgsqlConnectionStringBuilder(books.Connection) { Username = "agents_finance", Password = Password, Pooling = false };
        await using var busy = new NpgsqlConnection(login.ConnectionString);
        await using var idle = new NpgsqlConnection(login.ConnectionString);
        foreach (var connection in new[] { busy, idle })
        {
            await connection.OpenAsync();
            await using var lift = new NpgsqlCommand("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0", connection);
            await lift.ExecuteNonQueryAsync();
        }

        await using var transaction = await idle.BeginTransactionAsync();
        await using var begun = new NpgsqlCommand("select 1", idle, transaction);
        await begun.ExecuteScalarAsync();
        await using var endless = new NpgsqlCommand("select pg_sleep(600)", busy) { CommandTimeout = 0 };
        var running = endless.ExecuteNonQueryAsync();
        var duty = new EndFinanceQueries(books.Database, NullLogger<EndFinanceQueries>.Instance)
        {
            LongestStatement = TimeSpan.FromMilliseconds(50), LongestIdleTransaction = TimeSpan.FromMilliseconds(50),
        };

        while (!running.IsCompleted)
        {
            await duty.End(CancellationToken.None);
            await Task.WhenAny(running, Task.Delay(20));
        }

        Assert.Equal(PostgresErrorCodes.AdminShutdown, (await Assert.ThrowsAsync<PostgresException>(() => running)).SqlState);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => begun.ExecuteScalarAsync());
        Assert.Equal(TimeSpan.FromSeconds(30), new EndFinanceQueries(books.Database, NullLogger<EndFinanceQueries>.Instance).LongestStatement);
    }

    [Theory]
    [InlineData("agents_finance")]
    [InlineData("agents_reader")] // a login of one's own that is a member of the role
    public async Task A_transaction_that_small_statements_keep_open_ends_too(string user)
    {
        await Run(Password + "\n", "finance", "role", "--apply", "--password-stdin");
        await Execute(
            new(books.Connection),
            $"""
            do $$ begin
              if not exists (select from pg_roles where rolname = 'agents_reader') then create role agents_reader in role agents_finance; end if;
              alter role agents_reader login password '{Password}';
            end $$;
            """);
        var login = new NpgsqlConnectionStringBuilder(books.Connection) { Username = user, Password = Password, Pooling = false };
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var duty = new EndFinanceQueries(books.Database, NullLogger<EndFinanceQueries>.Instance)
        {
            // Neither a statement nor a pause of the transaction takes a tenth of that.
            LongestStatement = TimeSpan.FromSeconds(1), LongestIdleTransaction = TimeSpan.FromSeconds(1),
        };

        await Assert.ThrowsAnyAsync<NpgsqlException>(async () =>
        {
            for (var begun = Stopwatch.StartNew(); begun.Elapsed < TimeSpan.FromSeconds(30);)
            {
                await using var small = new NpgsqlCommand("select 1", connection, transaction);
                await small.ExecuteScalarAsync();
                await duty.End(CancellationToken.None);
                await Task.Delay(10);
            }
        });
    }

    [Fact]
    public async Task Doctor_names_what_the_finance_role_can_do_beyond_reading_until_it_is_taken_away()
    {
        await Run(Password + "\n", "finance", "role", "--apply", "--password-stdin"); // in another database of the same server
        var own = new NpgsqlConnectionStringBuilder(await TestDatabase.CreatePrepared("doctor")) { Pooling = false };
        var stranger = new NpgsqlConnectionStringBuilder(own.ConnectionString) { Username = "agents_stranger", Password = Password };
        await Execute(
            own,
            $"""
            do $$ begin
              if not exists (select from pg_roles where rolname = 'agents_stranger') then create role agents_stranger; end if;
              alter role agents_stranger login password '{Password}';
            end $$;
            """, "grant usage on schema agents to agents_stranger", "grant select on agents.set_aside to agents_stranger");

        Assert.Equal(
            ("warn", "agents_finance can take advisory locks, and so stop the server, write large objects, make temporary tables; "
                + "run the SQL of agents finance role as a superuser"),
            await Doctor(own));
        Assert.Contains("make temporary tables, run statements of any length;", (await Doctor(stranger)).Says, StringComparison.Ordinal);

        await Execute(own, await Run(null, "finance", "role"));

        var (result, says) = await Doctor(own);
        Assert.Equal("ok", result);
        Assert.StartsWith("agents_finance reads finance and nothing else", says, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_no_superuser_keeps_what_is_taken_from_the_finance_role()
    {
        var own = new NpgsqlConnectionStringBuilder(await TestDatabase.Create("ordinary")) { Pooling = false };
        var ordinary = new NpgsqlConnectionStringBuilder(own.ConnectionString) { Username = "agents_ordinary", Password = Password };
        await Execute(
            own,
            $"""
            do $$ begin
              if not exists (select from pg_roles where rolname = 'agents_ordinary') then create role agents_ordinary; end if;
              alter role agents_ordinary login password '{Password}';
            end $$;
            """, $"grant create, connect on database {own.Database} to agents_ordinary", "grant create on schema public to agents_ordinary");
        foreach (var script in ReadModels.Scripts()) await Execute(ordinary, script);
        await Execute(own, await Run(null, "finance", "role"));

        await Execute(ordinary, "select pg_advisory_lock(1)", "create temporary table t (x int)", "select lo_create(0)");
        await using var connection = new NpgsqlConnection(own.ConnectionString);
        await connection.OpenAsync();
        await using var left = new NpgsqlCommand(
            """
            select has_function_privilege('agents_finance', 'pg_advisory_lock(bigint)', 'execute')
              or has_function_privilege('agents_finance', 'pg_try_advisory_xact_lock_shared(integer, integer)', 'execute')
              or has_function_privilege('agents_finance', 'lowrite(integer, bytea)', 'execute')
              or has_database_privilege('agents_finance', current_database(), 'temporary')
              or has_schema_privilege('agents_finance', 'public', 'create')
              or not pg_has_role('agents_ordinary', 'agents_finance', 'usage')
              or has_function_privilege('agents_ordinary', 'lo_import(text)', 'execute') -- the files of the database's machine
              or has_function_privilege('agents_ordinary', 'lo_export(oid, text)', 'execute')
            """, connection);
        Assert.Equal(false, await left.ExecuteScalarAsync());
    }

    /// <summary>What doctor says of the role.</summary>
    static async Task<(string Result, string Says)> Doctor(NpgsqlConnectionStringBuilder login)
    {
        var (output, data) = (new StringWriter(), Path.Combine(Path.GetTempPath(), $"agents-doctor-{Guid.NewGuid():N}"));
        await CommandLine.Run(
            ["doctor", "--json", "--data", data], output, new StringWriter(), $"--ConnectionStrings:agents={login.ConnectionString}");
        var check = JsonSerializer.Deserialize<JsonElement>(output.ToString()).GetProperty("items").EnumerateArray()
            .Single(check => check.GetProperty("name").GetString() == "finance role");
        return (check.GetProperty("result").GetString()!, check.GetProperty("says").GetString()!);
    }

    static async Task Execute(NpgsqlConnectionStringBuilder login, params string[] statements)
    {
        await using var connection = new NpgsqlConnection(login.ConnectionString);
        await connection.OpenAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    static readonly string[] Refused =
    [
        "select * from agents.mt_events", "select * from agents.run_summary", "select * from agents.passage",
        "select * from wolverine.wolverine_incoming_envelopes",
        "set transaction read write; insert into finance.valuation (tenant_id, run_id, version, price_version, usd, valued_by) values ('t', gen_random_uuid(), 1, 'v', 0, 'x')",
        "set transaction read write; update finance.model_call set cost_usd = 0", "set transaction read write; delete from finance.model_call",
        "set transaction read write; truncate finance.model_call", "set transaction read write; create table finance.mine (x int)",
        "set transaction read write; create schema mine", "select pg_read_file('/etc/passwd')",
        "select pg_advisory_lock(x'61676e7461646d74'::bigint)", "select pg_try_advisory_lock(1, 2)", "select pg_advisory_xact_lock_shared(1)",
        "set transaction read write; create temporary table t (x int)", "set transaction read write; create table public.mine (x int)",
        "set transaction read write; select lo_create(0)", "set transaction read write; select lo_from_bytea(0, 'x')",
        "set transaction read write; select lo_put(1, 0, 'x')", "set transaction read write; select lowrite(0, 'x')",
        "set transaction read write; select lo_import('/etc/passwd')", "select lo_export(1, '/tmp/agents-finance')",
        "select pg_try_advisory_xact_lock(1)", "select pg_advisory_unlock_all()", "set temp_file_limit = -1",
    ];

    async Task<string> Run(string? input, params string[] args)
    {
        var output = new StringWriter();
        var before = Console.In;
        if (input is not null) Console.SetIn(new StringReader(input));
        try
        {
            Assert.Equal(ExitCodes.Ok, await CommandLine.Run(args, output, TextWriter.Null, $"--ConnectionStrings:agents={books.Connection}"));
        }
        finally
        {
            Console.SetIn(before);
        }

        return output.ToString();
    }

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sql();
}
