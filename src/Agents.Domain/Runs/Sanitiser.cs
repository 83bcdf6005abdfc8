using System.Text;

namespace Agents.Domain.Runs;

/// <summary>Makes text from outside fit to be stored: PostgreSQL refuses NUL, and lone surrogates come back changed.</summary>
public static class Sanitiser
{
    const char Replacement = '\uFFFD';

    /// <summary>The text without NUL, lone surrogates replaced by U+FFFD, cut to a length without splitting a pair. Idempotent.</summary>
    /// <param name="text">Null becomes empty.</param>
    /// <param name="maxLength">In UTF-16 units, at least 0.</param>
    public static string Text(string? text, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxLength);
        if (string.IsNullOrEmpty(text)) return "";
        if (text.Length <= maxLength && IsClean(text)) return text;

        var clean = new StringBuilder(Math.Min(text.Length, maxLength));
        for (var i = 0; i < text.Length && clean.Length < maxLength; i++)
        {
            if (text[i] == '\0') continue;
            if (!char.IsSurrogate(text[i])) clean.Append(text[i]);
            else if (!IsPair(text, i)) clean.Append(Replacement);
            else if (clean.Length + 2 > maxLength) break;
            else clean.Append(text[i]).Append(text[++i]);
        }
        return clean.ToString();
    }

    static bool IsClean(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0') return false;
            if (!char.IsSurrogate(text[i])) continue;
            if (!IsPair(text, i)) return false;
            i++;
        }
        return true;
    }

    static bool IsPair(string text, int index) => index + 1 < text.Length && char.IsSurrogatePair(text[index], text[index + 1]);
}
