using System.Text;

namespace Agents.Host.Models;

/// <summary>
/// The end of a thought whose beginning is missing, <c>…&lt;/think&gt;</c>: the chat template of many servers writes the opening mark itself, into
/// the prompt, so that the reply has the closing one alone.
/// </summary>
static class UnopenedThought
{
    static readonly string[] Closing = ["</think>", "</thinking>"];
    static readonly string[] Opening = ["<think>", "<thinking>"];

    /// <summary>So much of a mark may stand before the newest piece.</summary>
    const int Longest = 10;

    const string Fence = "```";

    /// <summary>Where the thought and its mark end.</summary>
    /// <param name="newest">Characters at the end of the text that were not looked at yet.</param>
    public static (int Thought, int Answer)? In(StringBuilder text, int newest)
    {
        var from = Math.Max(0, text.Length - newest - Longest);
        var last = text.ToString(from, text.Length - from);
        for (var at = last.IndexOf("</", StringComparison.Ordinal); at >= 0; at = last.IndexOf("</", at + 1, StringComparison.Ordinal))
        {
            foreach (var mark in Closing)
                if (last.AsSpan(at).StartsWith(mark, StringComparison.OrdinalIgnoreCase) && IsMeant(text.ToString(0, from + at)))
                    return (from + at, from + at + mark.Length);
        }

        return null;
    }

    /// <summary>Whether the mark ends what stands before it, and is no quote or code, nor the end of a block that was opened.</summary>
    static bool IsMeant(string before)
    {
        if (before.Length > 0 && before[^1] is '`' or '"' or '\'' or '“' or '‘' or '«') return false;
        if (before.AsSpan().Count(Fence) % 2 == 1) return false;
        return !Opening.Any(mark => before.Contains(mark, StringComparison.OrdinalIgnoreCase));
    }
}
