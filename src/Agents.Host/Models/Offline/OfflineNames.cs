using System.Text.RegularExpressions;
using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Models.Offline;

/// <summary>Finds the names in a question: what is written with a capital within a sentence, or like a name from code.</summary>
static partial class OfflineNames
{
    const int ShortestStem = 5;

    static readonly HashSet<string> Dates = new(
        ("January February March April May June July August September October November December "
        + "Monday Tuesday Wednesday Thursday Friday Saturday Sunday").Split(' '), StringComparer.Ordinal);

    /// <summary>The names, each as it is looked up. Dates are not names, and the first word of a sentence may have its capital from there.</summary>
    /// <param name="language">Of the passages. German writes every noun with a capital, which names nothing.</param>
    public static IEnumerable<string> In(string question, Language language) =>
        from match in Word().Matches(question)
        let word = match.Groups["word"].Value
        let isFirst = match.Groups["start"].Success
        where Terms.IsIdentifier(word)
            || (char.IsUpper(word[0]) && !Dates.Contains(word) && (IsAcronym(word) || (!isFirst && language is not Language.German)))
        let term = Terms.Of(word, language).FirstOrDefault().Text
        where term is not null
        select term;

    /// <summary>Whether a name is among words, allowing for one of the two to be longer: Postgres and PostgreSQL are the same.</summary>
    public static bool IsAmong(string name, IReadOnlySet<string> words) => words.Contains(name) || words.Any(word =>
        (name.Length >= ShortestStem && word.Contains(name, StringComparison.Ordinal))
        || (word.Length >= ShortestStem && name.StartsWith(word, StringComparison.Ordinal) && word.Length * 2 > name.Length));

    static bool IsAcronym(string word) => word.Length > 1 && word.All(char.IsUpper);

    [GeneratedRegex(@"(?<start>(?:\A|[.?!:]\s)\W*)?(?<word>[\p{L}\p{N}_]+)")]
    private static partial Regex Word();
}
