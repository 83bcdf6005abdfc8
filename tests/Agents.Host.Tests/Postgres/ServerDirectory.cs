using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

/// <summary>A temporary directory for one embedded server, gone with all it holds after the test, or the class that shares it.</summary>
public sealed class ServerDirectory : IAsyncDisposable
{
    public static readonly EmbeddedServerOptions Quick = new() { Durable = false, MayDownload = false };
    public static readonly EmbeddedServerOptions Durable = new() { MayDownload = false };

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"agents-pg-test-{Guid.NewGuid():N}");

    public string Home => System.IO.Path.Combine(Path, "postgres");

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
