using System.Diagnostics;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>A server that has proved by an answer that it serves our cluster.</summary>
/// <param name="Version">As the server gives it, such as <c>17.6</c>.</param>
sealed record RunningServer(int ProcessId, ServerAddress Address, string Version)
{
    /// <summary>Recovering from a crash, or writing everything down before stopping, takes a while.</summary>
    static readonly TimeSpan AnswerWait = TimeSpan.FromSeconds(60);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Null when no server runs. One that is starting is waited for until it answers, one that is stopping until it is gone.</summary>
    /// <exception cref="EmbeddedServerException">There is one, and it stays silent or refuses our password.</exception>
    public static async Task<RunningServer?> Find(ServerFiles files, string password, CancellationToken ct)
    {
        var waited = Stopwatch.StartNew();
        while (Postmaster.Read(files) is { } postmaster && !postmaster.IsGone())
        {
            if (await Ask(postmaster, files, password, ct) is { } server) return server;
            if (waited.Elapsed > AnswerWait) throw EmbeddedServerException.Silent(files.Directory, postmaster.ProcessId, AnswerWait);
            await Task.Delay(Pause, ct);
        }
        return null;
    }

    /// <summary>Null when there is no answer now.</summary>
    public static async Task<RunningServer?> Ask(Postmaster postmaster, ServerFiles files, string password, CancellationToken ct)
    {
        if (postmaster.Address is not { } address) return null;

        await using var connection = address.Connection(password);
        try
        {
            await connection.OpenAsync(ct);
            return new RunningServer(postmaster.ProcessId, address, connection.ServerVersion.Split(' ')[0]);
        }
        catch (PostgresException refusal) when (refusal.SqlState is PostgresErrorCodes.InvalidPassword)
        {
            throw EmbeddedServerException.PasswordRefused(files.Directory);
        }
        catch (NpgsqlException)
        {
            return null; // not listening, or not taking connections: starting or stopping
        }
    }

    /// <summary>Makes our database unless it is there.</summary>
    public async Task EnsureDatabase(string password, CancellationToken ct)
    {
        await using var connection = Address.Connection(password);
        await connection.OpenAsync(ct);
        if (await connection.First<bool>("select exists (select from pg_database where datname = @user)", new { ServerCluster.User }, ct)) return;

        await connection.Execute($"create database {ServerCluster.User}", null, ct);
    }
}
