using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Streaming;

/// <summary>
/// Every fact as it is stored: event name = stored type, id = version, data = the event as <c>GET /runs/{id}/events</c> shows it. What the model
/// says meanwhile comes as <c>delta</c> and <c>attempt_reset</c>, without an id: a reader that comes back names its last fact, and gets the text so
/// far again.
/// </summary>
public static class FactsFormat
{
    sealed record Reset(int Call, int Attempt);

    sealed record Piece(int Call, int Attempt, int Offset, string Text);

    /// <param name="seesMoney">Whether the reader may see amounts.</param>
    public static async IAsyncEnumerable<Frame> Of(
        IAsyncEnumerable<StreamedItem> items, bool seesMoney, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var item in items.WithCancellation(ct))
            yield return item switch
            {
                StreamedItem.Fact fact => (fact.Frames ??= new(FrameOf(fact.Stored))).For(seesMoney),
                StreamedItem.Delta delta => delta.Frame ??= new(
                    null, "delta", JsonSerializer.Serialize(new Piece(delta.Call, delta.Attempt, delta.Offset, delta.Text), JsonFormat.Api)),
                StreamedItem.AttemptReset reset => new(
                    null, "attempt_reset", JsonSerializer.Serialize(new Reset(reset.Call, reset.Attempt), JsonFormat.Api)),
                _ => Frame.Heartbeat,
            };
        yield return Frame.Done;
    }

    static Frame FrameOf(EventView fact) =>
        new(fact.Version.ToString(CultureInfo.InvariantCulture), fact.Type, JsonSerializer.Serialize(fact, JsonFormat.Api));
}
