using System.Reflection;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>A database of its own with the knowledge schema, dropped at the end.</summary>
sealed class ThrowAwayDatabase : IAsyncDisposable
{
    readonly string server;
    readonly string name;

    ThrowAwayDatabase(string server, string name)
    {
        (this.server, this.name) = (server, name);
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server) { Database = name });
    }

    public NpgsqlDataSource Source { get; }

    public static async Task<ThrowAwayDatabase> Create(string server)
    {
        var name = $"benchmark_{Guid.NewGuid():n}";
        await Execute(server, $"create database {name}");
        var database = new ThrowAwayDatabase(server, name);
        using var script = new StreamReader(Assembly.Load("Agents.Projections").GetManifestResourceStream("Knowledge.sql")!);
        await using var command = database.Source.CreateCommand(await script.ReadToEndAsync());
        await command.ExecuteNonQueryAsync();
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Execute(server, $"drop database {name} with (force)");
    }

    static async Task Execute(string server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
