using System.Diagnostics;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

/// <summary>A temporary directory for one embedded server, gone with all it holds after the test, or the class that shares it.</summary>
public sealed class ServerDirectory : IAsyncDisposable
{
    public static readonly EmbeddedServerOptions Quick = new() { Durable = false, MayDownload = false };
    public static readonly EmbeddedServerOptions Durable = new() { MayDownload = false };

    static readonly Lazy<Task<ServerDirectory>> Made = new(Make);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"agents-pg-test-{Guid.NewGuid():N}");

    public string Home => System.IO.Path.Combine(Path, "postgres");

    /// <summary>
    /// A directory with a cluster that was made, started and stopped before, for tests of what comes after: a copy of one that all tests share. To make a
    /// cluster takes ten times the work.
    /// </summary>
    public static async Task<ServerDirectory> WithCluster()
    {
        var directory = new ServerDirectory();
        if (OperatingSystem.IsWindows()) return directory; // its first start makes the cluster

        var made = await Made.Value;
        using var copy = Process.Start("cp", ["-a", made.Path, directory.Path]);
        await copy.WaitForExitAsync(Ct);
        return copy.ExitCode == 0 ? directory : throw new InvalidOperationException($"cp ended with {copy.ExitCode}.");
    }

    static async Task<ServerDirectory> Make()
    {
        var directory = new ServerDirectory();
        await using (await EmbeddedServer.Start(directory.Path, Quick, CancellationToken.None)) { }
        File.Delete(System.IO.Path.Combine(directory.Home, "postgres.log"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory.Path, recursive: true);
        return directory;
    }

    public Task<EmbeddedServer> Start(EmbeddedServerOptions? options = null) => EmbeddedServer.Start(Path, options ?? Quick, Ct);

    public Task<EmbeddedServerStatus> Status() => EmbeddedServer.Status(Path, Ct);

    public static async Task<string> Ask(EmbeddedServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(server).ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct) as string ?? "";
    }

    public static NpgsqlConnectionStringBuilder Unpooled(EmbeddedServer server) => new(server.ConnectionString) { Pooling = false };

    public async ValueTask DisposeAsync()
    {
        await EmbeddedServer.Reset(Path, Ct);
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;
}
