using System.Text;

namespace Agents.Host.Models;

/// <summary>
/// Tells what a model thinks aloud before it answers, in blocks such as <c>&lt;think&gt;…&lt;/think&gt;</c>, from the answer, piece by piece. Servers
/// that do not take such blocks out send them as text.
/// </summary>
sealed class LeadingThought
{
    static readonly string[] Names = ["think", "thinking"];

    /// <summary>UTF-16 units of blank text that are held back because a block may follow.</summary>
    const int MostBlank = 1024;

    /// <summary>What may yet be a mark.</summary>
    readonly StringBuilder held = new();

    string? closing;
    bool isOver;

    /// <summary>UTF-16 units of thought so far, marks left out.</summary>
    public long Characters { get; private set; }

    /// <summary>Whether a block has come to its end.</summary>
    public bool HasThought { get; private set; }

    /// <summary>What of the text, with what was held back before, belongs to the answer.</summary>
    public string TextOf(string piece)
    {
        if (isOver) return piece;

        held.Append(piece);
        while (true)
        {
            if (closing is not null)
            {
                if (!IsClosed(closing)) return "";
                continue;
            }

            var text = held.ToString();
            var begun = text.AsSpan().TrimStart();
            if (NameOf(begun) is { } name)
            {
                closing = $"</{name}>";
                held.Remove(0, text.Length - begun.Length + name.Length + 2);
                continue;
            }

            if (MayBeginBlock(begun) && text.Length - begun.Length <= MostBlank) return "";
            return End(begun);
        }
    }

    /// <summary>What was held back when the reply is at its end.</summary>
    public string Rest()
    {
        if (isOver) return "";
        if (closing is null) return End(held.ToString().AsSpan().TrimStart());

        Characters += held.Length; // the block was never closed
        return "";
    }

    /// <summary>Counts the thought there is, and keeps what may be the beginning of its closing mark.</summary>
    bool IsClosed(string mark)
    {
        var text = held.ToString();
        var end = text.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        var thought = end >= 0 ? end : Math.Max(0, text.Length - (mark.Length - 1));
        Characters += thought;
        held.Remove(0, end >= 0 ? end + mark.Length : thought);
        if (end < 0) return false;

        (closing, HasThought) = (null, true);
        return true;
    }

    /// <summary>From here on it is the answer; the blank lines after a thought are none of it.</summary>
    string End(ReadOnlySpan<char> begun)
    {
        isOver = true;
        return HasThought ? begun.ToString() : held.ToString();
    }

    static string? NameOf(ReadOnlySpan<char> text)
    {
        foreach (var name in Names)
            if (text.StartsWith($"<{name}>", StringComparison.OrdinalIgnoreCase)) return name;
        return null;
    }

    static bool MayBeginBlock(ReadOnlySpan<char> text)
    {
        foreach (var name in Names)
            if ($"<{name}>".AsSpan().StartsWith(text, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
