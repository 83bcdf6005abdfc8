using Npgsql;

namespace Agents.Host.Tests.Postgres;

public sealed class TestDatabaseTests
{
    [Fact]
    public async Task Databases_of_the_same_name_are_two_and_empty()
    {
        var connections = await Task.WhenAll(TestDatabase.Create("Some test's name"), TestDatabase.Create("Some test's name"));

        Assert.NotEqual(new NpgsqlConnectionStringBuilder(connections[0]).Database, new NpgsqlConnectionStringBuilder(connections[1]).Database);
        foreach (var connection in connections)
        {
            await using var database = NpgsqlDataSource.Create(connection);
            await using var create = database.CreateCommand("create table note (text text)");
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}
