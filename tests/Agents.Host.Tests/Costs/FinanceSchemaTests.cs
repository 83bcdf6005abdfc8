using System.Text.RegularExpressions;
using Agents.Host.Cli;
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
            "select current_setting('statement_timeout') || ' ' || current_setting('default_transaction_read_only')", connection);
        Assert.Equal("30s on", await settings.ExecuteScalarAsync());
        await using var written = new NpgsqlCommand("create temporary table t (x int)", connection);
        Assert.Equal(
            PostgresErrorCodes.ReadOnlySqlTransaction, (await Assert.ThrowsAsync<PostgresException>(() => written.ExecuteNonQueryAsync())).SqlState);
    }

    static readonly string[] Refused =
    [
        "select * from agents.mt_events", "select * from agents.run_summary", "select * from agents.passage",
        "select * from wolverine.wolverine_incoming_envelopes",
        "set transaction read write; insert into finance.valuation (tenant_id, run_id, version, price_version, usd, valued_by) values ('t', gen_random_uuid(), 1, 'v', 0, 'x')",
        "set transaction read write; update finance.model_call set cost_usd = 0", "set transaction read write; delete from finance.model_call",
        "set transaction read write; truncate finance.model_call", "set transaction read write; create table finance.mine (x int)",
        "set transaction read write; create schema mine", "select pg_read_file('/etc/passwd')",
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
