using System.Text;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge.Reading;

/// <summary>Puts the lines of a paragraph together again.</summary>
static class BrokenLines
{
    /// <summary>Characters of a full line in a script of wide letters, which is shorter than one of Latin letters.</summary>
    const int WideLine = 15;

    /// <summary>One line: a word that was hyphenated at a line's end is whole, and scripts without spaces get none.</summary>
    public static string Join(IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            if (line.TrimStart() is not { Length: > 0 } next) continue;
            if (text.Length == 0) text.Append(next);
            else Append(text, next);
        }

        return text.ToString();
    }

    /// <summary>A text whose line ends mean nothing, without them; white space at its ends stays.</summary>
    public static string Whole(string text)
    {
        if (!text.Contains('\n')) return text;

        var (before, after) = (char.IsWhiteSpace(text[0]) ? " " : "", char.IsWhiteSpace(text[^1]) ? " " : "");
        return $"{before}{Join(text.Split('\n'))}{after}";
    }

    /// <summary>Whether lines that look short are full: they are of wide letters.</summary>
    public static bool AreFull(IReadOnlyList<string> lines) =>
        lines.SkipLast(1).All(line => line.Length >= WideLine && line.Count(Neighbours.IsWithoutSpaces) * 2 > line.Length);

    static void Append(StringBuilder text, string next)
    {
        while (text.Length > 0 && text[^1] == ' ') text.Length--;
        if (text.Length == 0) text.Append(next);
        else if (IsHyphenated(text, next)) text.Remove(text.Length - 1, 1).Append(next);
        else if (Neighbours.IsWithoutSpaces(text[^1]) && Neighbours.IsWithoutSpaces(next[0])) text.Append(next);
        else text.Append(' ').Append(next);
    }

    /// <summary>A soft hyphen; or a letter, a hyphen, and the line goes on with a small letter.</summary>
    static bool IsHyphenated(StringBuilder text, string next) => text[^1] switch
    {
        '\u00AD' => true,
        '-' or '\u2010' => text.Length > 1 && char.IsLetter(text[^2]) && char.IsLower(next[0]),
        _ => false,
    };
}
