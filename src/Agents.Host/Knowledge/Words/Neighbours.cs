using System.Globalization;

namespace Agents.Host.Knowledge.Words;

/// <summary>
/// Cuts a run of letters of a script that is written without spaces into pairs of neighbours: 开放时间 gives 开放, 放时 and 时间. Whatever a reader
/// takes for a word is found by its pairs, without a dictionary.
/// </summary>
static class Neighbours
{
    /// <summary>The scripts, as the inside of a class of a regular expression: Thai, Lao, Burmese, Khmer, Kana, Bopomofo, Han and Korean.</summary>
    public const string Scripts =
        @"\u0E01-\u0E3A\u0E40-\u0E4E\u0E81-\u0ECE\u1000-\u109F\u1780-\u17D3\u3005-\u3007\u3021-\u3029\u3038-\u303B\u3041-\u312F\u31A0-\u31FF"
        + @"\u1100-\u11FF\u3131-\u318E\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7A3\uF900-\uFAFF";

    /// <summary>The pairs as words. A letter alone is one.</summary>
    /// <param name="withSingles">Whether each Han or Korean letter, which may be a word by itself, follows as a part.</param>
    public static IEnumerable<Term> Of(string run, bool withSingles)
    {
        var letters = Letters(run).ToList();
        if (letters.Count == 1) yield return new Term(letters[0], TermKind.Word);
        for (var at = 1; at < letters.Count; at++) yield return new Term(letters[at - 1] + letters[at], TermKind.Word);
        if (!withSingles || letters.Count == 1) yield break;

        foreach (var letter in letters)
            if (MayBeWord(letter[0])) yield return new Term(letter, TermKind.Part);
    }

    /// <summary>Whether the letter is of such a script, written without spaces; Korean is written with them.</summary>
    public static bool IsWithoutSpaces(char letter) =>
        letter is (>= '\u0E01' and <= '\u0ECE') or (>= '\u1000' and <= '\u109F') or (>= '\u1780' and <= '\u17D3')
            or (>= '\u3001' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFF01' and <= '\uFF60') or (>= '\uD840' and <= '\uD888');

    static bool MayBeWord(char letter) =>
        letter is (>= '\u3400' and <= '\u9FFF') or (>= '\uAC00' and <= '\uD7A3') or (>= '\uF900' and <= '\uFAFF') or (>= '\uD840' and <= '\uD888');

    /// <summary>Each letter with the marks that follow it.</summary>
    static IEnumerable<string> Letters(string run)
    {
        var start = 0;
        for (var at = 1; at <= run.Length; at++)
        {
            if (at < run.Length && (IsMark(run[at]) || char.IsLowSurrogate(run[at]))) continue;
            yield return run[start..at];
            start = at;
        }
    }

    static bool IsMark(char character) =>
        char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
