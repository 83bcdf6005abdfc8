using Npgsql;
using Wolverine;
using Wolverine.Runtime.Serialization;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>Puts messages into the inbox of the servers behind their back, as messages that no node owns; whichever looks first takes them.</summary>
static class Inbox
{
    /// <param name="type">Full name of the message's type.</param>
    public static Envelope Message(string type, byte[] data) => new()
    {
        Id = Guid.CreateVersion7(),
        MessageType = type,
        ContentType = "application/json",
        Data = data,
        Destination = new($"local://{type.ToLowerInvariant()}/"),
        TenantId = "default",
        SentAt = DateTimeOffset.UtcNow,
    };

    /// <param name="queue">Full name of the type of message for which the queue is.</param>
    public static async Task Put(RigDatabase database, string queue, IReadOnlyList<Envelope> messages)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var insert = new NpgsqlCommand(
            """
            insert into wolverine.wolverine_incoming_envelopes (id, status, owner_id, attempts, body, message_type, received_at)
            select id, 'Incoming', 0, 0, body, message_type, $4 from unnest($1, $2, $3) as one(id, body, message_type)
            """, connection);
        insert.Parameters.Add(new() { Value = messages.Select(message => message.Id).ToArray() });
        insert.Parameters.Add(new() { Value = messages.Select(EnvelopeSerializer.Serialize).ToArray() });
        insert.Parameters.Add(new() { Value = messages.Select(message => message.MessageType!).ToArray() });
        insert.Parameters.Add(new() { Value = $"local://{queue.ToLowerInvariant()}/" });
        await insert.ExecuteNonQueryAsync();
    }
}
