using System.Data.Common;
using System.Runtime.CompilerServices;
using Marten;
using Npgsql;

namespace Agents.Host.Platform;

/// <summary>One run of a command, which is disposed of with it.</summary>
/// <param name="session">Null when the command knows its connection.</param>
readonly struct Statement(NpgsqlCommand command, IQuerySession? session)
{
    readonly NpgsqlCommand command = command;
    readonly IQuerySession? session = session;

    public async Task<List<T>> Query<T>(CancellationToken ct)
    {
        await using var _ = command;
        await using var rows = await Rows(ct);
        var read = Row<T>.Of(rows);
        var found = new List<T>();
        while (await rows.ReadAsync(ct)) found.Add(read(rows));
        return found;
    }

    public async Task<T?> First<T>(CancellationToken ct)
    {
        await using var _ = command;
        await using var rows = await Rows(ct);
        return await rows.ReadAsync(ct) ? Row<T>.Of(rows)(rows) : default;
    }

    public async IAsyncEnumerable<T> Stream<T>([EnumeratorCancellation] CancellationToken ct)
    {
        await using var _ = command;
        await using var rows = await Rows(ct);
        var read = Row<T>.Of(rows);
        while (await rows.ReadAsync(ct)) yield return read(rows);
    }

    public async Task<int> Execute(CancellationToken ct)
    {
        await using var _ = command;
        return session is null ? await command.ExecuteNonQueryAsync(ct) : await session.ExecuteAsync(command, ct);
    }

    async Task<DbDataReader> Rows(CancellationToken ct) =>
        session is null ? await command.ExecuteReaderAsync(ct) : await session.ExecuteReaderAsync(command, ct);
}
