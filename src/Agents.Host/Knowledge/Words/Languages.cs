using System.Text.RegularExpressions;
using Lucene.Net.Analysis.Cz;
using Lucene.Net.Analysis.Da;
using Lucene.Net.Analysis.De;
using Lucene.Net.Analysis.Es;
using Lucene.Net.Analysis.Fi;
using Lucene.Net.Analysis.Fr;
using Lucene.Net.Analysis.Hu;
using Lucene.Net.Analysis.Id;
using Lucene.Net.Analysis.It;
using Lucene.Net.Analysis.Nl;
using Lucene.Net.Analysis.No;
using Lucene.Net.Analysis.Pt;
using Lucene.Net.Analysis.Ro;
using Lucene.Net.Analysis.Sv;
using Lucene.Net.Analysis.Tr;
using Lucene.Net.Analysis.Util;

namespace Agents.Host.Knowledge.Words;

/// <summary>Tells the language of a text by its commonest words, the articles and prepositions.</summary>
public static partial class Languages
{
    /// <summary>Words that are looked at.</summary>
    const int Sample = 3_000;

    // A text of another language has at least so many of its common words, this share of them, and so many times those of English.
    const int Fewest = 2;
    const double LeastShare = 0.06;
    const double LeastLead = 1.5;

    static readonly Lazy<(Language Language, CharArraySet Words)[]> Common = new(() =>
    [
        (Language.German, GermanAnalyzer.DefaultStopSet), (Language.French, FrenchAnalyzer.DefaultStopSet),
        (Language.Spanish, SpanishAnalyzer.DefaultStopSet), (Language.Portuguese, PortugueseAnalyzer.DefaultStopSet),
        (Language.Italian, ItalianAnalyzer.DefaultStopSet), (Language.Dutch, DutchAnalyzer.DefaultStopSet),
        (Language.Swedish, SwedishAnalyzer.DefaultStopSet), (Language.Danish, DanishAnalyzer.DefaultStopSet),
        (Language.Norwegian, NorwegianAnalyzer.DefaultStopSet), (Language.Finnish, FinnishAnalyzer.DefaultStopSet),
        (Language.Hungarian, HungarianAnalyzer.DefaultStopSet), (Language.Romanian, RomanianAnalyzer.DefaultStopSet),
        (Language.Turkish, TurkishAnalyzer.DefaultStopSet), (Language.Czech, CzechAnalyzer.DefaultStopSet),
        (Language.Indonesian, IndonesianAnalyzer.DefaultStopSet),
    ]);

    /// <summary>The language of a text; English when it is none of the others for sure.</summary>
    public static Language Of(string text)
    {
        var (words, english) = (0, 0);
        var found = new int[Common.Value.Length];
        foreach (var match in Word().EnumerateMatches(text))
        {
            if (++words > Sample) break;

            var word = text.Substring(match.Index, match.Length).ToLowerInvariant();
            if (Terms.IsCommon(word)) english++;
            for (var at = 0; at < found.Length; at++) found[at] += Common.Value[at].Words.Contains(word) ? 1 : 0;
        }

        var best = found.Max();
        return best >= Fewest && best >= words * LeastShare && best >= english * LeastLead
            ? Common.Value[Array.IndexOf(found, best)].Language
            : Language.English;
    }

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Word();
}
