using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Http;

/// <summary>
/// Where a reader's stream begins: after the last event that the reader has, by the header <c>Last-Event-ID</c> or else by <c>?after=</c>.
/// </summary>
static class StreamStart
{
    /// <summary>Far above every number of an event, and far enough below the largest number to count on from it.</summary>
    const long Most = 1_000_000_000_000_000;

    /// <summary>Null when nothing is wrong.</summary>
    /// <param name="wanted">What the reader may pass, as the end of a sentence that begins with "Pass".</param>
    public static ProblemDetails? Problem(long? after, string? lastEventId, string wanted)
    {
        if (after is < 0 or > Most) return Refusals.Malformed("Bad after", $"Pass {wanted}, from 0.");
        return !string.IsNullOrEmpty(lastEventId) && (!long.TryParse(lastEventId, out var id) || id is < 0 or > Most)
            ? Refusals.Malformed("Bad Last-Event-ID", "Pass the id of an earlier event of this stream.")
            : null;
    }

    /// <summary>Null when the reader says nothing.</summary>
    public static long? Of(long? after, string? lastEventId) => long.TryParse(lastEventId, out var seen) ? seen : after;
}
