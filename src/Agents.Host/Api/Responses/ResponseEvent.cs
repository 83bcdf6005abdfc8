using System.Text.Json.Nodes;

namespace Agents.Host.Api.Responses;

/// <summary>One event of a response's stream.</summary>
/// <param name="Sequence">
/// A function of the run's facts and, within a text, of the position in it: every node gives the same event the same number at any time. Rising, with
/// gaps.
/// </param>
/// <param name="TextFrom">For a piece of text: the number that stands before its first character; each UTF-16 unit counts one. Null for other
/// events.</param>
public sealed record ResponseEvent(long Sequence, string Type, JsonObject Data, long? TextFrom = null)
{
    /// <summary>Types that are ours, not OpenAI's, begin so.</summary>
    const string OwnPrefix = "response.agent_";

    public bool IsOwn => Type.StartsWith(OwnPrefix, StringComparison.Ordinal);

    /// <summary>What a reader who has all up to a number still lacks of it; null when nothing.</summary>
    public ResponseEvent? After(long seen)
    {
        if (Sequence <= seen) return null;
        if (TextFrom is not { } from || seen <= from) return this;

        var (rest, text) = (Data.DeepClone().AsObject(), Data["delta"]!.GetValue<string>());
        rest["delta"] = text[(int)(seen - from)..];
        return this with { Data = rest, TextFrom = seen };
    }
}
