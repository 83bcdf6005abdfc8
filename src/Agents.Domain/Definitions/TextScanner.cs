using System.Globalization;
using System.Text;

namespace Agents.Domain.Definitions;

/// <summary>Reads a condition or a path from its first character to its last, and remembers the first thing that is wrong.</summary>
sealed class TextScanner(string text)
{
    int at;

    /// <summary>Where the first mistake is and what is expected there. Null while there is none.</summary>
    public string? Problem { get; private set; }

    /// <summary>Remembers what is expected here, unless something was wrong before.</summary>
    public void Expect(string what)
    {
        SkipSpaces();
        var found = at < text.Length ? $"\"{text[at]}\"" : "the end";
        Problem ??= string.Create(CultureInfo.InvariantCulture, $"At character {at + 1}, {what} is expected, not {found}.");
    }

    /// <summary>Remembers that something is wrong here, unless something was wrong before.</summary>
    public void Refuse(string why) => Problem ??= string.Create(CultureInfo.InvariantCulture, $"At character {at + 1}, {why}.");

    public bool IsAtEnd()
    {
        SkipSpaces();
        return at == text.Length;
    }

    public bool Takes(string symbol)
    {
        SkipSpaces();
        return TakesHere(symbol);
    }

    /// <summary>The same for a word, which no further letter may follow.</summary>
    public bool TakesWord(string word)
    {
        SkipSpaces();
        return !(at + word.Length < text.Length && IsOfName(text[at + word.Length])) && TakesHere(word);
    }

    /// <summary>The same without spaces before it.</summary>
    public bool TakesHere(string symbol)
    {
        if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0) return false;
        at += symbol.Length;
        return true;
    }

    /// <summary>Letters, digits, <c>_</c> and <c>-</c>, the first no digit and no <c>-</c>. Null when something else stands here.</summary>
    public string? Name()
    {
        if (at == text.Length || !IsOfName(text[at]) || char.IsDigit(text[at]) || text[at] is '-') return null;

        var from = at;
        while (at < text.Length && IsOfName(text[at])) at++;
        return text[from..at];
    }

    /// <summary>
    /// A text in quotes of either kind; a backslash stands before a quote or a backslash in it. Null when something else stands here.
    /// </summary>
    public string? Quoted()
    {
        SkipSpaces();
        if (at == text.Length || text[at] is not ('"' or '\'')) return null;

        var (quote, words) = (text[at++], new StringBuilder());
        for (; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] is '\\' && at + 1 < text.Length && text[at + 1] is '\\' or '"' or '\'') at++;
            words.Append(text[at]);
        }

        if (!TakesHere(quote.ToString())) Expect($"the {quote} that ends the text");
        return words.ToString();
    }

    /// <summary>Digits, with a sign before them and a fraction behind them if they are there. Null when something else stands here.</summary>
    public decimal? Number()
    {
        SkipSpaces();
        var end = at < text.Length && text[at] is '-' ? at + 1 : at;
        var first = end;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.')) end++;
        if (end == first) return null;

        if (!decimal.TryParse(text.AsSpan(at, end - at), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out var number))
        {
            Expect("a number");
            return null;
        }

        at = end;
        return number;
    }

    void SkipSpaces()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }

    static bool IsOfName(char letter) => char.IsLetterOrDigit(letter) || letter is '_' or '-';
}
