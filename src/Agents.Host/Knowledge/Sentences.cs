using System.Text.RegularExpressions;

namespace Agents.Host.Knowledge;

/// <summary>Cuts text into what can be quoted by itself: sentences, and lines where lines mean something.</summary>
public static partial class Sentences
{
    /// <summary>The sentences of a paragraph, each literally as it stands there, without surrounding white space.</summary>
    public static IEnumerable<string> Of(string paragraph)
    {
        var start = 0;
        foreach (Match end in End().Matches(paragraph))
        {
            var next = end.Index + end.Length;
            if (IsAbbreviation(paragraph, end.Index)) continue;
            if (paragraph[start..next].Trim() is { Length: > 0 } sentence) yield return sentence;
            start = next;
        }

        if (paragraph[start..].Trim() is { Length: > 0 } rest) yield return rest;
    }

    static bool IsAbbreviation(string text, int end)
    {
        var start = text.LastIndexOfAny([' ', '('], Math.Max(0, end - 1)) + 1;
        return text[start..Math.Min(text.Length, end + 1)].ToLowerInvariant()
            is "e.g." or "i.e." or "etc." or "vs." or "cf." or "mr." or "dr." or "no." or "fig.";
    }

    // A full stop ends a sentence where white space and a capital follow; the marks of scripts without either end it by themselves.
    [GeneratedRegex(
        @"[.!?]+[""'”’)\]]*\s+(?=[\p{Lu}\p{Lo}\p{N}""'“‘`(\[@_<])|[。！？｡︒︕︖‼⁇⁈⁉।॥۔؟።፧។၊။།։]+[""'”’)\]」』】》〉）｣]*\s*")]
    private static partial Regex End();
}
