namespace Agents.Crash.Tests.Scenarios;

/// <summary>
/// Ids of messages must differ between processes of one machine: one that is there already is dropped as a duplicate, and its run stands still.
/// </summary>
static class MessageIds
{
    public static async Task<IEnumerable<string>> Problems(RigDatabase database)
    {
        var ids = await database.TryRows("select id from wolverine.wolverine_incoming_envelopes");
        var weak = ids!.Count(row => ((Guid)row[0]).Version != 7);
        return weak == 0 ? [] : [$"{weak} of {ids!.Count} messages have an id that another process may make too."];
    }
}
