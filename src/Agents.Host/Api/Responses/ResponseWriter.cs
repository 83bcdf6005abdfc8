using System.Runtime.CompilerServices;
using Agents.Host.Log;
using Agents.Host.Platform;
using Agents.Host.Streaming;

namespace Agents.Host.Api.Responses;

/// <summary>A response as an answer: once, or as a stream of events.</summary>
public sealed class ResponseWriter(ResponseReader responses)
{
    /// <summary>
    /// How long a request waits for the end. The run goes on whatever happens to the request; the answer is then the response in progress.
    /// </summary>
    static readonly TimeSpan MostWait = TimeSpan.FromMinutes(9);

    public static IResult Json(ResponseStory story) => Results.Json(story.Response(), JsonFormat.Api);

    /// <summary>The response now, if it is done in the background, or at its end.</summary>
    public async Task<IResult> Json(string tenant, Guid runId, int part, Include include, bool waits, CancellationToken ct) =>
        Json(waits
            ? await responses.Wait(tenant, runId, part, include, MostWait, ct)
            : (await responses.Read(tenant, runId, part, include, ct))!);

    /// <param name="after">The number of the last event the reader has; -1 when it has none.</param>
    public IResult Stream(string tenant, Guid runId, int part, long after, Include include, CancellationToken ct) =>
        new EventStream(Frames(responses.Follow(tenant, runId, part, after, include, ct), ct));

    static async IAsyncEnumerable<Frame> Frames(IAsyncEnumerable<ResponseEvent?> events, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var told in events.WithCancellation(ct))
            yield return told is null ? Frame.Heartbeat : new(told.Sequence.ToString(null, null), told.Type, told.Data.ToJsonString(JsonFormat.Api));
    }
}
