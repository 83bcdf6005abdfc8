using System.Text.Json;
using Agents.Host.Platform;
using Npgsql;
using Wolverine.Runtime.Serialization;

namespace Agents.Host.Log;

/// <summary>A message that was given up: its handling failed again and again, or in a way that the worker does not know.</summary>
/// <param name="RunId">The run it is about; null when it is about none, or cannot be read.</param>
/// <param name="IsReplayed">It has been sent again and is about to leave the list.</param>
public sealed record DeadLetterView(
    Guid Id, string MessageType, Guid? RunId, string? ExceptionType, string? ExceptionMessage, DateTimeOffset? SentAt, bool IsReplayed);

/// <summary>The messages of a tenant that were given up. One that names no tenant belongs to the default one.</summary>
public sealed class DeadLetterLog(NpgsqlDataSource database)
{
    /// <summary>Letters that are looked at; there should be none.</summary>
    const int MostLookedAt = 10_000;

    /// <summary>Newest first.</summary>
    /// <param name="only">Null for all.</param>
    public async Task<IReadOnlyList<DeadLetterView>> List(string tenant, Guid? only, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select id, body, message_type, exception_type, exception_message, sent_at, replayable from wolverine.wolverine_dead_letters
            where $1::uuid is null or id = $1 order by sent_at desc nulls last, id limit $2
            """);
        command.Parameters.Add(new() { Value = (object?)only ?? DBNull.Value });
        command.Parameters.Add(new() { Value = MostLookedAt });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var letters = new List<DeadLetterView>();
        while (letters.Count < limit && await rows.ReadAsync(ct))
        {
            var body = rows.GetFieldValue<byte[]>(1);
            if ((TenantOf(body) ?? Tenants.Default) != tenant) continue;
            letters.Add(new(
                rows.GetGuid(0), rows.GetString(2), RunOf(body), Get<string?>(rows, 3), Get<string?>(rows, 4),
                Get<DateTimeOffset?>(rows, 5), rows.GetBoolean(6)));
        }

        return letters;
    }

    /// <summary>Sends them again, within some seconds. How many.</summary>
    public Task<int> Replay(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Execute("update wolverine.wolverine_dead_letters set replayable = true where id = any($1)", ids, ct);

    public Task<int> Discard(IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        Execute("delete from wolverine.wolverine_dead_letters where id = any($1)", ids, ct);

    async Task<int> Execute(string sql, IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = ids.ToArray() });
        return await command.ExecuteNonQueryAsync(ct);
    }

    static string? TenantOf(byte[] body) => Read(body, EnvelopeSerializer.TryReadTenantId);

    static Guid? RunOf(byte[] body) => Read(body, bytes =>
    {
        var message = JsonSerializer.Deserialize<JsonElement>(EnvelopeSerializer.Deserialize(bytes).Data);
        foreach (var member in message.EnumerateObject())
            if (member.Name.Equals("runId", StringComparison.OrdinalIgnoreCase) && member.Value.TryGetGuid(out var id)) return id;
        return (Guid?)null;
    });

    /// <summary>What was given up may be unreadable; that may be why.</summary>
    static T? Read<T>(byte[] body, Func<byte[], T?> read)
    {
        try
        {
            return body.Length == 0 ? default : read(body);
        }
        catch (Exception unreadable) when (unreadable
            is JsonException or IOException or InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            return default;
        }
    }

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);
}
