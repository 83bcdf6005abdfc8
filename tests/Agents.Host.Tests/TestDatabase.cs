using Npgsql;

namespace Agents.Host.Tests;

/// <summary>Gives each test class a database of its own on the server named by AGENTS_TEST_PG.</summary>
static class TestDatabase
{
    public static async Task<string> Create()
    {
        var server = Environment.GetEnvironmentVariable("AGENTS_TEST_PG") ?? "Host=localhost;Username=postgres;Database=postgres";
        var name = $"test_{Guid.NewGuid():n}";
        await Execute(server, $"create database {name}");
        return new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ConnectionString;
    }

    static async Task Execute(string server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
