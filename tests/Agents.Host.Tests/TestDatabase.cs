using System.Diagnostics;
using System.Globalization;
using Agents.Host.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Host.Tests;

/// <summary>
/// A fresh, empty database on a throw-away server that all tests of this process share; environment AGENTS_TEST_CONNECTION uses a
/// server of one's own instead.
/// </summary>
public static class TestDatabase
{
    const string Prefix = "agents-test-";

    /// <summary>The first PostgreSQL that can be told how to copy. By default it writes each page to its log; copying the files takes a quarter of the time.</summary>
    const int FirstWithStrategy = 15;

    /// <summary>Seconds that a connection may take: the tests of two projects start servers side by side.</summary>
    const int SlowMachine = 30;

    static readonly string OwnDirectory = DirectoryOf(Environment.ProcessId);

    static readonly Lazy<Task<string>> Server = new(Start);

    /// <summary>Makes the database. It is gone when the process ends.</summary>
    /// <param name="name">Shows in the database's name, to tell it from others while it lives.</param>
    /// <param name="template">Connection string of a database to copy, which nobody is connected to. Null makes an empty one.</param>
    /// <returns>Its connection string.</returns>
    public static async Task<string> Create(string? name = null, string? template = null)
    {
        var server = await Server.Value;
        var database = Unique(name ?? "test");
        var copied = template is null ? "template0" : new NpgsqlConnectionStringBuilder(template).Database!;
        await Execute(server, version => $"create database {database} template {copied}{(version.Major >= FirstWithStrategy ? " strategy file_copy" : "")}");
        if (OwnServer is not null) AtExit(() => Execute(server, _ => $"drop database if exists {database} with (force)"));
        return new NpgsqlConnectionStringBuilder(server)
        {
            Database = database,
            Timeout = SlowMachine,
            ConnectionIdleLifetime = 60, // many databases, each with a pool that would hold on to its connections
        }.ConnectionString;
    }

    /// <summary>Makes a database that has all tables already, as a server finds it when it starts again. Setting one up anew takes far longer.</summary>
    /// <returns>Its connection string.</returns>
    public static async Task<string> CreatePrepared(string? name = null) => await Create(name, template: await Prepared.Value);

    static readonly Lazy<Task<string>> Prepared = new(Prepare);

    static async Task<string> Prepare()
    {
        var connection = await Create("prepared");
        await using var app = await Agents.Host.Server.Build([$"--ConnectionStrings:agents={connection}"], adjust: builder => builder.Logging.ClearProviders());
        foreach (var setup in app.Services.GetServices<IHostedService>().OfType<DatabaseSetup>()) await setup.StartAsync(CancellationToken.None);
        return connection;
    }

    static string? OwnServer => Environment.GetEnvironmentVariable("AGENTS_TEST_CONNECTION") is { Length: > 0 } connection ? connection : null;

    static async Task<string> Start()
    {
        if (OwnServer is not null) return OwnServer;

        foreach (var left in LeftOver()) await Remove(left);
        var server = await EmbeddedServer.Start(OwnDirectory, new EmbeddedServerOptions { Durable = false }, CancellationToken.None);
        AtExit(async () =>
        {
            await server.DisposeAsync();
            await Remove(OwnDirectory);
        });
        return server.ConnectionString;
    }

    /// <summary>Directories of earlier test processes that were killed before they could clean up.</summary>
    static IEnumerable<string> LeftOver() => Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*").Where(directory =>
        int.TryParse(Path.GetFileName(directory)[Prefix.Length..], CultureInfo.InvariantCulture, out var process) && !IsAlive(process));

    static string DirectoryOf(int process) => Path.Combine(Path.GetTempPath(), Prefix + process.ToString(CultureInfo.InvariantCulture));

    static bool IsAlive(int process)
    {
        try
        {
            Process.GetProcessById(process).Dispose();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    static async Task Remove(string directory)
    {
        try
        {
            await EmbeddedServer.Reset(directory, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception failure) when (failure is EmbeddedServerException or IOException or UnauthorizedAccessException)
        {
            // In use after all, another user's, or another test process is just as tidy: not worth failing a test.
        }
    }

    static string Unique(string name)
    {
        var letters = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_').Take(40));
        return $"t_{letters}_{Guid.NewGuid().ToString("N")[..10]}";
    }

    static async Task Execute(string connectionString, Func<Version, string> sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = SlowMachine }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql(connection.PostgreSqlVersion), connection);
        await command.ExecuteNonQueryAsync();
    }

    static void AtExit(Func<Task> act) => AppDomain.CurrentDomain.ProcessExit += (_, _) => Task.Run(act).Wait(TimeSpan.FromSeconds(30));
}
