using System.Text;
using System.Text.RegularExpressions;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>What a term is in its text.</summary>
public enum TermKind
{
    /// <summary>An ordinary word, stemmed.</summary>
    Word,

    /// <summary>A name from code as a whole, such as <c>fetchforwritingasync</c>; in lower case, not stemmed.</summary>
    Identifier,

    /// <summary>A word inside such a name, stemmed; another spelling of a word; a letter that may be a word.</summary>
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

    /// <summary>
    /// The terms in order, folded and stemmed, stop words left out. A name from code gives itself and then its parts; a run of letters that is
    /// written without spaces gives its pairs of neighbours.
    /// </summary>
    /// <param name="language">By whose rules words in Latin letters are stemmed.</param>
    /// <param name="withSingles">Whether single letters of such a run are terms too. A query needs them only where it has nothing longer.</param>
    public static IEnumerable<Term> Of(string text, Language language = Language.English, bool withSingles = true) =>
        Cut(text, language, withSingles).Where(term => term.Text.Length > 0); // marks alone fold to nothing

    static IEnumerable<Term> Cut(string text, Language language, bool withSingles)
    {
        foreach (Match match in Word().Matches(Fold.Compatible(text)))
        {
            if (match.Groups["run"].Success)
            {
                foreach (var pair in Neighbours.Of(match.Value, withSingles)) yield return pair;
                continue;
            }

            var word = match.Value.Trim('_');
            if (word.Length is 0 or > LongestTerm) continue;

            var parts = Part().Matches(word);
            if (parts.Count < 2)
            {
                foreach (var term in Spellings(word, TermKind.Word, language)) yield return term;
                continue;
            }

            yield return new Term(Fold.Of(word), TermKind.Identifier);
            foreach (Match part in parts)
            {
                if (part.Length < 2) continue;
                foreach (var term in Spellings(part.Value, TermKind.Part, language)) yield return term;
            }
        }
    }

    /// <summary>Whether a word looks like a name from code: capitals inside, an underscore or a digit between letters.</summary>
    public static bool IsIdentifier(string word) => Part().Count(word.Trim('_')) > 1;

    /// <summary>Whether a word in lower case is so common in English that it tells nothing.</summary>
    public static bool IsCommon(string word) => Stop.Contains(word);

    /// <summary>The different terms, without their kinds.</summary>
    public static HashSet<string> Set(string text, Language language = Language.English) =>
        Of(text, language).Select(term => term.Text).ToHashSet(StringComparer.Ordinal);

    static IEnumerable<Term> Spellings(string word, TermKind kind, Language language)
    {
        var folded = Fold.Of(word);
        if (IsCommon(folded) || (folded.Length == 1 && !char.IsDigit(folded[0]))) yield break;

        var stem = Stem.Of(folded, language);
        yield return new Term(stem, kind);
        if (Ascii.IsValid(word)) yield break;

        // Endings with marks are known to the rules: informações and informação meet by them, informacoes does not.
        if (Fold.Of(Stem.OfMarked(Fold.Case(word), language)) is var marked && marked != stem) yield return new Term(marked, TermKind.Part);
        if (Fold.Respelled(word) is { } respelled) yield return new Term(Stem.Of(respelled, language), TermKind.Part);
    }

    [GeneratedRegex(@"(?<run>(?:[" + Neighbours.Scripts + @"]|[\uD840-\uD888][\uDC00-\uDFFF])+)|[\p{L}\p{M}\p{N}_-[" + Neighbours.Scripts + "]]+")]
    private static partial Regex Word();

    // "JSONSerializer" is JSON and Serializer, "IDocumentStore" I, Document and Store, "mt_version" mt and version, "utf8" one word.
    [GeneratedRegex(@"\p{Lu}+(?=\p{Lu}[\p{Ll}])|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+|[\p{Lu}\p{N}]+")]
    private static partial Regex Part();
}
