using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Agents.Host.Audit;

/// <summary>The whole database as it stood at one moment, whatever is written meanwhile. Takes no lock that anybody waits for.</summary>
sealed class Snapshot : IAsyncDisposable
{
    /// <summary>The longest that one query may take: a large database is read from end to end.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    readonly NpgsqlConnection connection;

    Snapshot(NpgsqlConnection connection) => this.connection = connection;

    /// <summary>For readers that are used elsewhere too.</summary>
    public NpgsqlConnection Connection => connection;

    /// <exception cref="NpgsqlException">The database cannot be reached.</exception>
    public static async Task<Snapshot> Open(string connectionString, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false, CommandTimeout = (int)Patience.TotalSeconds, ApplicationName = "agents verify",
        };
        var snapshot = new Snapshot(new(settings.ConnectionString));
        try
        {
            await snapshot.connection.OpenAsync(ct);
            await snapshot.Execute("set default_transaction_read_only = on", ct);
            await snapshot.connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            return snapshot;
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    /// <summary>The rows, one after the other; read to the end before the next query.</summary>
    public async IAsyncEnumerable<NpgsqlDataReader> Rows(string sql, [EnumeratorCancellation] CancellationToken ct, params object?[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) yield return rows;
    }

    public async Task<T> Scalar<T>(string sql, CancellationToken ct, params object?[] values)
    {
        await foreach (var row in Rows(sql, ct, values)) return row.GetFieldValue<T>(0);
        throw new InvalidOperationException("The query has no rows.");
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    async Task Execute(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
