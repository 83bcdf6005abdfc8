using System.Globalization;
using System.Text.RegularExpressions;

namespace Agents.Host.Knowledge;

/// <summary>What a term is in its text.</summary>
public enum TermKind
{
    /// <summary>An ordinary word, stemmed.</summary>
    Word,

    /// <summary>A name from code as a whole, such as <c>fetchforwritingasync</c>; in lower case, not stemmed.</summary>
    Identifier,

    /// <summary>A word inside such a name, stemmed.</summary>
    Part,
}

/// <summary>A word as it is indexed and looked up.</summary>
public readonly record struct Term(string Text, TermKind Kind);

/// <summary>Cuts text into terms; the same for documents, queries and the offline model, so that they meet.</summary>
public static partial class Terms
{
    const int LongestTerm = 100;

    static readonly HashSet<string> Stop = new(
        ("a about above after again against all also am an and any are aren as at be because been before being below between both but by can "
        + "cannot could couldn did didn do does doesn doing don down during each either else etc even ever every few for from further get gets "
        + "getting got had hadn has hasn have haven having he her here hers herself him himself his how however i if in into is isn it its "
        + "itself just let like ll may me might more most much must my myself need needs no nor not now of off on once one only onto or other "
        + "our ours ourselves out over own per please re s same shall she should shouldn so some somebody someone something still such t than "
        + "that the their theirs them themselves then there these they this those through thus to too under until up upon us use used uses "
        + "using ve very via want wants was wasn way we well were weren what when where whether which while who whom whose why will with within "
        + "without won would wouldn yes yet you your yours yourself").Split(' '), StringComparer.Ordinal);

    /// <summary>The terms in order, stop words left out. A name from code gives itself and then its parts.</summary>
    public static IEnumerable<Term> Of(string text)
    {
        foreach (Match match in Word().Matches(text))
        {
            var word = match.Value.Trim('_');
            if (word.Length is 0 or > LongestTerm) continue;

            var parts = Part().Matches(word);
            if (parts.Count < 2)
            {
                if (Lookup(word) is { } term) yield return new Term(term, TermKind.Word);
                continue;
            }

            yield return new Term(word.ToLowerInvariant(), TermKind.Identifier);
            foreach (Match part in parts)
            {
                if (part.Length > 1 && Lookup(part.Value) is { } term) yield return new Term(term, TermKind.Part);
            }
        }
    }

    /// <summary>Whether a word looks like a name from code: capitals inside, an underscore or a digit between letters.</summary>
    public static bool IsIdentifier(string word) => Part().Count(word.Trim('_')) > 1;

    /// <summary>The different terms, without their kinds.</summary>
    public static HashSet<string> Set(string text) => Of(text).Select(term => term.Text).ToHashSet(StringComparer.Ordinal);

    static string? Lookup(string word)
    {
        var lower = word.ToLower(CultureInfo.InvariantCulture);
        return Stop.Contains(lower) || (lower.Length == 1 && !char.IsDigit(lower[0])) ? null : Stem.Of(lower);
    }

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}_]+")]
    private static partial Regex Word();

    // "JSONSerializer" is JSON and Serializer, "IDocumentStore" I, Document and Store, "mt_version" mt and version, "utf8" one word.
    [GeneratedRegex(@"\p{Lu}+(?=\p{Lu}[\p{Ll}])|\p{Lu}?[\p{Ll}\p{Lo}\p{M}\p{N}]+|[\p{Lu}\p{N}]+")]
    private static partial Regex Part();
}
