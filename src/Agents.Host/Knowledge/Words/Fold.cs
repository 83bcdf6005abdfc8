using System.Globalization;
using System.Text;
using ICU4N.Text;
using Lucene.Net.Analysis.Ar;
using Lucene.Net.Analysis.Fa;
using Lucene.Net.Analysis.Miscellaneous;

namespace Agents.Host.Knowledge.Words;

/// <summary>Makes one of the ways in which the same word may be written, so that the ways meet: <c>Café</c>, <c>cafe</c> and <c>ｃａｆｅ</c>.</summary>
/// <remarks>
/// ICU's data is used, not .NET's: under <c>InvariantGlobalization</c> <see cref="string.Normalize()"/> changes nothing.
/// </remarks>
static class Fold
{
    /// <summary>The text in Unicode's form NFKC: full-width letters, ligatures and letters with marks of their own as the usual ones.</summary>
    public static string Compatible(string text) => Ascii.IsValid(text) ? text : Normalizer2.NFKCInstance.Normalize(text);

    /// <summary>A word without case.</summary>
    public static string Case(string word) => Normalizer2.NFKCCaseFoldInstance.Normalize(word);

    /// <summary>A word without case and, where a reader may leave them out, without marks; its digits are 0 to 9.</summary>
    /// <remarks>
    /// Marks stay in scripts that are not read without them, such as Thai, Devanagari and Kana, and on the Russian short i, a letter of its own.
    /// </remarks>
    public static string Of(string word)
    {
        if (Ascii.IsValid(word)) return word.ToLowerInvariant();

        var folded = WithoutMarks(Normalizer2.NFDInstance.Normalize(Case(word)));
        folded = folded.Any(IsArabic) ? Arabic(folded) : Latin(folded);
        return Ascii.IsValid(folded) ? folded : Normalizer2.NFCInstance.Normalize(folded);
    }

    /// <summary>How the word is spelled where a keyboard lacks its letters, such as <c>ueber</c>; null when there is no such way.</summary>
    public static string? Respelled(string word)
    {
        var respelled = new StringBuilder();
        foreach (var letter in word)
        {
            _ = char.ToLowerInvariant(letter) switch
            {
                'ä' => respelled.Append("ae"),
                'ö' or 'ø' => respelled.Append("oe"),
                'ü' => respelled.Append("ue"),
                'å' => respelled.Append("aa"),
                _ => respelled.Append(letter),
            };
        }

        return respelled.Length == word.Length ? null : Of(respelled.ToString());
    }

    static string WithoutMarks(string decomposed)
    {
        var kept = new StringBuilder(decomposed.Length);
        var letter = '\0';
        foreach (var character in decomposed)
        {
            if (char.GetUnicodeCategory(character) is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)) letter = character;
            else if (IsReadWithoutMarks(letter) && (letter, character) is not ('и', '\u0306')) continue;

            var digit = char.IsDigit(character) ? CharUnicodeInfo.GetDecimalDigitValue(character) : -1;
            kept.Append(digit >= 0 ? (char)('0' + digit) : character);
        }

        return kept.ToString();
    }

    /// <summary>Latin, Greek, Cyrillic, Hebrew, Arabic.</summary>
    static bool IsReadWithoutMarks(char letter) => letter is < '\u0530' or (>= '\u0590' and <= '\u077F') or (>= '\u1E00' and <= '\u1FFF');

    static bool IsArabic(char letter) => letter is >= '\u0600' and <= '\u077F';

    /// <summary>Letters such as ł, ø, ı and æ, which are not a letter with a mark.</summary>
    static string Latin(string word)
    {
        var input = word.ToCharArray();
        var output = new char[input.Length * 4];
        return new string(output, 0, ASCIIFoldingFilter.FoldToASCII(input, 0, output, 0, input.Length));
    }

    /// <summary>Without vowel signs and lengthening, the forms of alef, yeh and kaf as one.</summary>
    static string Arabic(string word)
    {
        var letters = word.ToCharArray();
        var length = new ArabicNormalizer().Normalize(letters, letters.Length);
        return new string(letters, 0, new PersianNormalizer().Normalize(letters, length));
    }
}
