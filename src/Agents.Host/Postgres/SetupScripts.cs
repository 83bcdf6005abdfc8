using System.Security.Cryptography;
using System.Text;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>Runs the scripts that make and change tables, while other nodes use them.</summary>
public static class SetupScripts
{
    /// <summary>A change of a table waits for statements that use it, and later ones wait behind it: it steps back soon and tries again.</summary>
    const string StepBackAfter = "2s";

    const int MostTries = 30;

    static readonly TimeSpan LongestStatement = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Each set of scripts once in the life of a database: a node that starts again touches no table that others use, and an older one undoes
    /// nothing.
    /// </summary>
    public static async Task RunOnce(NpgsqlConnection connection, IReadOnlyList<string> scripts, CancellationToken ct)
    {
        if (await connection.First<string>("select to_regclass('agents.setup')::text", null, ct) is null) await Execute(
            connection,
            """
            create schema if not exists agents;
            create table if not exists agents.setup (scripts text primary key, run_at timestamptz not null default clock_timestamp());
            comment on table agents.setup is 'Sets of scripts, and builds, that made these tables, by SHA-256. None makes them twice.';
            """, ct);
        await Once(connection, Together(scripts), async () =>
        {
            foreach (var script in scripts) await Patiently(connection, script, ct);
        }, ct);
    }

    /// <summary>Does something once in the life of a database in which <see cref="RunOnce"/> was called.</summary>
    /// <param name="what">All on which it depends: it is done again when this is another.</param>
    public static async Task Once(NpgsqlConnection connection, string what, Func<Task> act, CancellationToken ct)
    {
        var hash = HashOf(what);
        if (await connection.First<bool>("select exists (select from agents.setup where scripts = @hash)", new { hash }, ct)) return;

        await act();
        await connection.Execute("insert into agents.setup (scripts) values (@hash)", new { hash }, ct);
    }

    /// <summary>A set of scripts, as <see cref="Once"/> takes it.</summary>
    public static string Together(IReadOnlyList<string> scripts) => string.Join('\0', scripts);

    /// <summary>Under which <see cref="Once"/> notes that something was done.</summary>
    public static string HashOf(string what) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)));

    static async Task Patiently(NpgsqlConnection connection, string script, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await Execute(connection, $"set local lock_timeout = '{StepBackAfter}'", ct);
                await Execute(connection, script, ct);
                await transaction.CommitAsync(ct);
                return;
            }
            catch (PostgresException e) when (
                attempt < MostTries && e.SqlState is (PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 * attempt), ct);
            }
        }
    }

    internal static Task Execute(NpgsqlConnection connection, string sql, CancellationToken ct) =>
        connection.Execute(sql, null, ct, LongestStatement);
}
