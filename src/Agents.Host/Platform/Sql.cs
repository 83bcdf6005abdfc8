using Marten;
using Npgsql;

namespace Agents.Host.Platform;

/// <summary>
/// The one way to the database: a statement, its values by name, its rows as records. A value <c>runId</c> is <c>@run_id</c> in the statement, a
/// column
/// <c>run_id</c> is the record's <c>RunId</c>; see <see cref="Values"/> and <see cref="Row{T}"/>.
/// </summary>
/// <remarks>
/// The values are an anonymous object, or a dictionary where their number varies; null when there are none. Keep a statement's text the same from
/// call to call, so that the server need not plan it anew. <c>First</c> gives the default when there is no row: ask for <c>Guid?</c> to tell that
/// from a value.
/// </remarks>
public static class Sql
{
    public static Task<List<T>> Query<T>(this NpgsqlDataSource database, string sql, object? values, CancellationToken ct) =>
        On(database, sql, values).Query<T>(ct);

    public static Task<T?> First<T>(this NpgsqlDataSource database, string sql, object? values, CancellationToken ct) =>
        On(database, sql, values).First<T>(ct);

    /// <summary>Row by row, for results that may be large: the connection is held until the last row was read.</summary>
    public static IAsyncEnumerable<T> Stream<T>(this NpgsqlDataSource database, string sql, object? values, CancellationToken ct) =>
        On(database, sql, values).Stream<T>(ct);

    /// <summary>How many rows were written.</summary>
    public static Task<int> Execute(this NpgsqlDataSource database, string sql, object? values, CancellationToken ct) =>
        On(database, sql, values).Execute(ct);

    /// <summary>In the connection's transaction, if it has one.</summary>
    public static Task<List<T>> Query<T>(this NpgsqlConnection connection, string sql, object? values, CancellationToken ct) =>
        On(connection, sql, values).Query<T>(ct);

    /// <inheritdoc cref="Query{T}(NpgsqlConnection, string, object?, CancellationToken)"/>
    public static Task<T?> First<T>(this NpgsqlConnection connection, string sql, object? values, CancellationToken ct) =>
        On(connection, sql, values).First<T>(ct);

    /// <summary>Row by row; to be read to the end before the connection's next statement.</summary>
    public static IAsyncEnumerable<T> Stream<T>(this NpgsqlConnection connection, string sql, object? values, CancellationToken ct) =>
        On(connection, sql, values).Stream<T>(ct);

    /// <summary>How many rows were written.</summary>
    /// <param name="atMost">How long it may take. Null for what the connection says.</param>
    public static Task<int> Execute(
        this NpgsqlConnection connection, string sql, object? values, CancellationToken ct, TimeSpan? atMost = null) =>
        On(connection, sql, values, atMost).Execute(ct);

    /// <summary>At once, on the session's connection and in its transaction, if it has one.</summary>
    public static Task<List<T>> Query<T>(this IQuerySession session, string sql, object? values, CancellationToken ct) =>
        On(session, sql, values).Query<T>(ct);

    /// <inheritdoc cref="Query{T}(IQuerySession, string, object?, CancellationToken)"/>
    public static Task<T?> First<T>(this IQuerySession session, string sql, object? values, CancellationToken ct) =>
        On(session, sql, values).First<T>(ct);

    /// <summary>At once, not when the session is saved. How many rows were written.</summary>
    public static Task<int> Execute(this IQuerySession session, string sql, object? values, CancellationToken ct) =>
        On(session, sql, values).Execute(ct);

    static Statement On(NpgsqlDataSource database, string sql, object? values) => new(Values.Add(database.CreateCommand(sql), values), null);

    static Statement On(NpgsqlConnection connection, string sql, object? values, TimeSpan? atMost = null)
    {
        var command = Values.Add(new NpgsqlCommand(sql, connection), values);
        if (atMost is { } time) command.CommandTimeout = (int)time.TotalSeconds;
        return new(command, null);
    }

    static Statement On(IQuerySession session, string sql, object? values) => new(Values.Add(new NpgsqlCommand(sql), values), session);
}
