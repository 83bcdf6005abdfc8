using System.Text.Json;
using Agents.Host.Platform;
using Npgsql;
using Wolverine.Runtime.Serialization;

namespace Agents.Host.Log;

/// <summary>A message that was given up: its handling failed again and again, or in a way that no policy of ours foresees.</summary>
/// <param name="RunId">The run it is about; null when it is about none, or cannot be read.</param>
/// <param name="IsReplayed">It has been sent again and is about to leave the list.</param>
public sealed record DeadLetterView(
    Guid Id, string MessageType, Guid? RunId, string? ExceptionType, string? ExceptionMessage, DateTimeOffset? SentAt, bool IsReplayed);

/// <summary>The messages of a tenant that were given up. One that names no tenant belongs to the platform.</summary>
public sealed class DeadLetterLog(NpgsqlDataSource database)
{
    /// <summary>Letters that are looked at; there should be none.</summary>
    const int MostLookedAt = 10_000;

    /// <summary>Newest first.</summary>
    /// <param name="withPlatforms">Whether those that name no tenant are among them.</param>
    /// <param name="only">Null for all.</param>
    public async Task<IReadOnlyList<DeadLetterView>> List(string tenant, bool withPlatforms, Guid? only, int limit, CancellationToken ct)
    {
        var all = database.Stream<Letter>(
            """
            select id, body, message_type, exception_type, exception_message, sent_at, replayable from wolverine.wolverine_dead_letters
            where @only is null or id = @only
            order by sent_at desc nulls last, id limit @most_looked_at
            """, new { only, MostLookedAt }, ct);

        var letters = new List<DeadLetterView>();
        await foreach (var letter in all)
        {
            if (letters.Count == limit) break;
            if (TenantOf(letter.Body) is { } named ? named != tenant : !withPlatforms) continue;
            letters.Add(new(
                letter.Id, letter.MessageType, RunOf(letter.Body), letter.ExceptionType, letter.ExceptionMessage, letter.SentAt, letter.Replayable));
        }

        return letters;
    }

    /// <summary>Sends them again, within some seconds. How many.</summary>
    public Task<int> Replay(string tenant, IReadOnlyCollection<Guid> ids, Actor by, CancellationToken ct) => Change(
        "update wolverine.wolverine_dead_letters set replayable = true where id = any(@ids)", "replayed", tenant, ids, by, ct);

    /// <summary>Throws them away. How many.</summary>
    public Task<int> Discard(string tenant, IReadOnlyCollection<Guid> ids, Actor by, CancellationToken ct) => Change(
        "delete from wolverine.wolverine_dead_letters where id = any(@ids)", "discarded", tenant, ids, by, ct);

    Task<int> Change(string sql, string change, string tenant, IReadOnlyCollection<Guid> ids, Actor by, CancellationToken ct) => database.Execute(
        $"""
        with changed as ({sql} returning id, message_type)
        insert into agents.change (tenant_id, kind, subject, change, by, by_key)
        select @tenant, 'dead_letter', id::text, @change || ' ' || message_type, @name, @key_id from changed
        """, new { ids = ids.ToArray(), change, tenant, by.Name, by.KeyId }, ct);

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
        catch (Exception unreadable) when (
            unreadable is JsonException or IOException or InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            return default;
        }
    }

    sealed record Letter(
        Guid Id, byte[] Body, string MessageType, string? ExceptionType, string? ExceptionMessage, DateTimeOffset? SentAt, bool Replayable);
}
