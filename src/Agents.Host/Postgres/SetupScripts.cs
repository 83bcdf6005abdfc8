using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>Runs the scripts that make and change tables, while other nodes use them.</summary>
public static class SetupScripts
{
    /// <summary>A change of a table waits for statements that use it, and later ones wait behind it: it steps back soon and tries again.</summary>
    const string StepBackAfter = "2s";

    const int MostTries = 30;

    /// <summary>
    /// Each set of scripts once in the life of a database: a node that starts again touches no table that others use, and an older one undoes
    /// nothing.
    /// </summary>
    public static async Task RunOnce(NpgsqlConnection connection, IReadOnlyList<string> scripts, CancellationToken ct)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', scripts))));
        await Execute(
            connection,
            """
            create schema if not exists agents;
            create table if not exists agents.setup (scripts text primary key, run_at timestamptz not null default clock_timestamp());
            comment on table agents.setup is 'Sets of scripts that made these tables, by SHA-256 of their text. None is run twice.';
            """, ct);
        await using (var known = new NpgsqlCommand("select exists (select from agents.setup where scripts = $1)", connection))
        {
            known.Parameters.Add(new() { Value = hash });
            if (await known.ExecuteScalarAsync(ct) is true) return;
        }

        foreach (var script in scripts) await Patiently(connection, script, ct);
        await Execute(connection, $"insert into agents.setup (scripts) values ('{hash}')", ct);
    }

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

    internal static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
