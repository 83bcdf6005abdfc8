namespace Agents.Host.Audit;

/// <summary>I9: no message lies about. One that a living node works on may take as long as a handler may.</summary>
static class Messages
{
    const int PatienceSeconds = 60;
    const int LongestHandlerSeconds = 600;

    public static Invariant Invariant() => new("I9", $"No message waits for more than {PatienceSeconds} s, and none was given up.");

    public static async Task Check(Invariant invariant, Snapshot snapshot, bool hasNodes, CancellationToken ct)
    {
        invariant.Count(await snapshot.Value<long>(
            """
            select (select count(*) from wolverine.wolverine_incoming_envelopes where status <> 'Handled')
              + (select count(*) from wolverine.wolverine_outgoing_envelopes)
              + (select count(*) from wolverine.wolverine_dead_letters)
            """, null, ct));

        var waiting = 0;
        await foreach (var message in snapshot.Rows<Waiting>(
            $"""
            with message as (
              select id, message_type, 'incoming' as way, owner_id, greatest({SentAt}, execution_time) as due
                from wolverine.wolverine_incoming_envelopes where status <> 'Handled'
              union all
              select id, message_type, 'outgoing', owner_id, {SentAt} from wolverine.wolverine_outgoing_envelopes)
            select m.id, m.message_type, m.way, extract(epoch from clock_timestamp() - m.due)::float8 as seconds from message m
            where m.due < clock_timestamp() - make_interval(secs => case
              when exists (
                select from wolverine.wolverine_nodes n
                where n.node_number = m.owner_id and n.health_check > clock_timestamp() - interval '60 s')
              then {LongestHandlerSeconds} else {PatienceSeconds} end)
            """, null, ct))
        {
            waiting++;
            if (hasNodes)
                invariant.Violate($"message {message.Id} ({message.MessageType}, {message.Way}) has been waiting for {message.Seconds:0} s");
        }

        if (!hasNodes && waiting > 0) invariant.Note = $"no server runs; {waiting} go on with the next start";

        var givenUp = snapshot.Rows<GivenUp>(
            "select id, message_type, exception_type, exception_message from wolverine.wolverine_dead_letters order by id", null, ct);
        await foreach (var message in givenUp)
            invariant.Violate($"message {message.Id} ({message.MessageType}) was given up: {message.ExceptionType}: {message.ExceptionMessage}");
    }

    sealed record Waiting(Guid Id, string MessageType, string Way, double Seconds);

    sealed record GivenUp(Guid Id, string MessageType, string? ExceptionType, string? ExceptionMessage);

    /// <summary>A message's id tells when it was sent: it is a UUID of version 7.</summary>
    const string SentAt = "to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)";
}
