using System.Text;
using Agents.Host.Knowledge;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Offline;

/// <summary>Writes the offline model's answers: quotes with their numbers, or that there is no answer.</summary>
static class OfflineAnswer
{
    const int Quotes = 8;
    const int Characters = 1_600;
    const int Considered = 60;
    const double LeastOfBest = 0.3;
    const double Repetition = 0.3;

    // Below these the passages speak of something else. A question in other words than the documents' covers little, too.
    const double LeastCoverageByPassages = 0.4;
    const double LeastCoverageByQuotes = 0.25;

    /// <summary>The best quotes in the order of their passages, each followed by its number and annotated with its citation.</summary>
    public static TextContent From(OfflineEvidence evidence)
    {
        var quotes = Choose(evidence);
        return IsAnswer(evidence, quotes) ? Write(quotes) : Abstain(evidence);
    }

    /// <summary>The passages that matter, one a line: the number and the most telling quote.</summary>
    public static TextContent Relevant(OfflineEvidence evidence)
    {
        var quotes = evidence.Quotables.GroupBy(quote => quote.Passage.Number)
            .Select(passage => passage.MaxBy(quote => quote.Score)!).OrderByDescending(quote => quote.Score).Take(Quotes).ToList();
        return IsAnswer(evidence, quotes)
            ? new TextContent(string.Join('\n', quotes.Select(quote => $"[{quote.Passage.Number}] {CleanText.OneLine(quote.Text)}")))
            : Abstain(evidence);
    }

    static bool IsAnswer(OfflineEvidence evidence, List<Quotable> quotes) =>
        quotes.Count > 0 && evidence.MissingNames().Count == 0
        && evidence.CoverageByPassages() >= LeastCoverageByPassages && evidence.CoverageBy(quotes) >= LeastCoverageByQuotes;

    static List<Quotable> Choose(OfflineEvidence evidence)
    {
        var chosen = new List<Quotable>();
        var left = evidence.Quotables.Where(quote => quote.Score > 0).OrderByDescending(quote => quote.Score).Take(Considered).ToList();
        while (chosen.Count < Quotes && left.Count > 0)
        {
            var best = left.MaxBy(quote => quote.Score * (1 - (Repetition * Likeness(quote, chosen))))!;
            left.Remove(best);
            if (chosen.Count > 0 && best.Score < LeastOfBest * chosen[0].Score) break;
            if (chosen.Exists(quote => quote.Text == best.Text) || chosen.Sum(quote => quote.Text.Length) + best.Text.Length > Characters) continue;
            chosen.Add(best);
        }

        return [.. chosen.OrderBy(quote => quote.Passage.Number).ThenBy(quote => quote.Position)];
    }

    static double Likeness(Quotable quote, List<Quotable> chosen) => chosen.Count == 0 ? 0
        : chosen.Max(other => (double)quote.Words.Intersect(other.Words).Count() / Math.Max(1, quote.Words.Union(other.Words).Count()));

    static TextContent Write(List<Quotable> quotes)
    {
        var text = new StringBuilder();
        var citations = new List<AIAnnotation>();
        foreach (var quote in quotes)
        {
            if (text.Length > 0) text.Append(quote.Text.Contains('\n') ? '\n' : ' ');
            var start = text.Length;
            text.Append(quote.Text).Append($" [{quote.Passage.Number}]");
            citations.Add(new CitationAnnotation
            {
                Title = quote.Passage.Title,
                Snippet = quote.Text,
                AnnotatedRegions = [new TextSpanAnnotatedRegion { StartIndex = start, EndIndex = text.Length }],
                AdditionalProperties = new AdditionalPropertiesDictionary { ["number"] = quote.Passage.Number },
            });
        }

        return new TextContent(text.ToString()) { Annotations = citations };
    }

    static TextContent Abstain(OfflineEvidence evidence)
    {
        const int mostWords = 20;
        var words = string.Join(", ", evidence.Question.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Trim('?', '.', ',', '!', ';', ':', '"', '(', ')')).Where(word => Terms.Of(word).Any())
            .Distinct(StringComparer.OrdinalIgnoreCase).Take(mostWords));
        return new TextContent(words.Length == 0 ? OfflineExtractiveModel.Abstention : $"{OfflineExtractiveModel.Abstention} Looked for: {words}.");
    }
}
