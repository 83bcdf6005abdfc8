using System.Text.Json;
using Agents.Host.Runs;

namespace Agents.Host.Streaming;

/// <summary>Every fact as it is stored: event name = stored type, id = version, data = the event as <c>GET /runs/{id}/events</c> shows it.</summary>
public static class FactsFormat
{
    public static async IAsyncEnumerable<Frame> Of(IAsyncEnumerable<EventView?> events)
    {
        await foreach (var stored in events)
            yield return stored is null
                ? Frame.Heartbeat
                : new(stored.Version.ToString(null, null), stored.Type, JsonSerializer.Serialize(stored, JsonFormat.Api));
        yield return Frame.Done;
    }
}
