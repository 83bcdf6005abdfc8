using Agents.Host.Cli;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Tests.Cli;

/// <summary>The demo fills a database that nobody has used.</summary>
public sealed class DemoVerbTests
{
    [Theory]
    [InlineData("keys", "insert into agents.api_key (id, tenant_id, role, name, hash) values ('k', 'default', 'viewer', 'ada', '\\x00')")]
    [InlineData("budgets", "insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by) values ('default', 'tenant', 'default', 'day', 5, 'ada')")]
    [InlineData("documents", "insert into agents.document (id, tenant_id, source) values ('d', 'default', 'terms.md')")]
    [InlineData("a server that works on it", "insert into agents.node (name, slots) values ('other', 4); select pg_advisory_lock(agents.node_lock('other'))")]
    public async Task A_database_that_has_something_is_refused_and_left_as_it_is(string found, string sql)
    {
        var connection = await TestDatabase.CreatePrepared("demo");
        await using var database = NpgsqlDataSource.Create(connection);
        await using var session = await database.OpenConnectionAsync();
        await using (var command = new NpgsqlCommand(sql, session)) await command.ExecuteNonQueryAsync();
        var folder = Directory.CreateTempSubdirectory("agents-demo-").FullName; // where no server has written its address
        var (output, errors) = (new StringWriter(), new StringWriter());

        var exitCode = await CommandLine.Run(["demo", "--data", folder], output, errors, $"--ConnectionStrings:agents={connection}");

        Directory.Delete(folder, recursive: true);
        Assert.Equal(ExitCodes.Stopped, exitCode);
        Assert.Contains($"The database has {found}.", errors.ToString(), StringComparison.Ordinal);
        Assert.False(await database.First<bool>("select exists (select from agents.agent_version where name like 'demo-%')", null, default));
        Assert.False(await database.First<bool>("select exists (select from agents.run_summary)", null, default));
    }
}
