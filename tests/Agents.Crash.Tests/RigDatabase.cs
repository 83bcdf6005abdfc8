using System.Diagnostics;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>A PostgreSQL of the rig's own, with fsync on, that can be crashed; or a primary and its standby.</summary>
sealed class RigDatabase : IAsyncDisposable
{
    static readonly EmbeddedServerOptions Options = new() { Durable = true, MayDownload = false };
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly string directory;
    readonly List<EmbeddedServer> uses = [];

    RigDatabase(string directory) => this.directory = directory;

    /// <summary>For the servers.</summary>
    public string ConnectionString => Replicated?.ConnectionString ?? uses[0].ConnectionString;

    /// <summary>Null for a single server.</summary>
    public PrimaryAndStandby? Replicated { get; private init; }

    public static async Task<RigDatabase> Start(bool isReplicated = false)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-rig-{Guid.CreateVersion7():N}");
        if (isReplicated) return new(directory) { Replicated = await PrimaryAndStandby.Start(directory) };

        var database = new RigDatabase(directory);
        database.uses.Add(await EmbeddedServer.Start(directory, Options, CancellationToken.None));
        return database;
    }

    /// <summary>What <c>pg_ctl -m immediate stop</c> does: every process of the server ends at once, and the next start recovers.</summary>
    public async Task Crash(TimeSpan downFor)
    {
        var running = await EmbeddedServer.Status(directory, CancellationToken.None);
        Signals.Send(running.ProcessId!.Value, "QUIT");
        var waited = Stopwatch.StartNew();
        while ((await EmbeddedServer.Status(directory, CancellationToken.None)).State is EmbeddedServerState.Running)
        {
            if (waited.Elapsed > Patience) throw new TimeoutException("PostgreSQL does not end.");
            await Task.Delay(20);
        }

        await Task.Delay(downFor);
        uses.Add(await EmbeddedServer.Start(directory, Options, CancellationToken.None));
    }

    /// <summary>Takes connections at this address too, from its network.</summary>
    public async Task ListenAt(string address)
    {
        await File.AppendAllTextAsync(Path.Combine(directory, "postgres", "data", "pg_hba.conf"), $"\nhost all all {address}/24 scram-sha-256\n");
        if (await TryRows($"alter system set listen_addresses = '{address}'") is null) throw new InvalidOperationException("The database is away.");
        await Crash(TimeSpan.Zero);
    }

    /// <summary>What PostgreSQL wrote of each deadlock. Retries get over them; they cost half a second each.</summary>
    public IReadOnlyList<string> Deadlocks()
    {
        var logs = Replicated?.Logs ?? [Path.Combine(directory, "postgres", "postgres.log")];
        var lines = logs.SelectMany(File.ReadAllLines).ToList();
        return [.. lines.Index().Where(line => line.Item.Contains("deadlock detected", StringComparison.Ordinal))
            .Select(line => string.Join('\n', lines.Skip(line.Index).Take(14)))];
    }

    /// <summary>The rows of a query, each as its values. Null when the database is away.</summary>
    public async Task<List<object[]>?> TryRows(string sql, params object[] values)
    {
        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(
                    ConnectionString) { Pooling = false, Timeout = 2, HostRecheckSeconds = 0, ApplicationName = "rig" }.ConnectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<object[]>();
            while (await reader.ReadAsync())
            {
                var row = new object[reader.FieldCount];
                reader.GetValues(row);
                rows.Add(row);
            }

            return rows;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Replicated is not null)
        {
            await Replicated.DisposeAsync();
            return;
        }

        foreach (var use in uses) await use.DisposeAsync();
        await EmbeddedServer.Reset(directory, CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}
