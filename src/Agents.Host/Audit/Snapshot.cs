using System.Data;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Audit;

/// <summary>The whole database as it stood at one moment, whatever is written meanwhile. Takes no lock that a node waits for.</summary>
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
            await snapshot.connection.Execute("set default_transaction_read_only = on", null, ct);
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
    public IAsyncEnumerable<T> Rows<T>(string sql, object? values, CancellationToken ct) => connection.Stream<T>(sql, values, ct);

    /// <summary>The first column of the only row.</summary>
    public async Task<T> Value<T>(string sql, object? values, CancellationToken ct) => (await connection.First<T>(sql, values, ct))!;

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

/// <summary>A run of which something is wrong.</summary>
/// <param name="Rows">How many rows are.</param>
sealed record RunRows(string TenantId, Guid RunId, long Rows)
{
    public override string ToString() => new StoredRun(TenantId, RunId, 0).ToString();
}
