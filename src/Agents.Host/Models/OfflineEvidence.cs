using Agents.Host.Knowledge;

namespace Agents.Host.Models;

/// <summary>Something that can be quoted: a sentence, a list item or some lines of code.</summary>
/// <param name="Position">Its place in the passage, from 0.</param>
/// <param name="Score">How well it fits the question, higher is better.</param>
sealed record Quotable(ShownPassage Passage, int Position, string Text, HashSet<string> Words, double Score);

/// <summary>Weighs what can be quoted from the passages against the question.</summary>
sealed class OfflineEvidence
{
    const double Saturation = 1.2;
    const double HeadingShare = 0.5;
    const double PassageRankShare = 0.6;

    readonly Dictionary<string, double> question;

    public OfflineEvidence(string question, IReadOnlyList<ShownPassage> passages)
    {
        Question = question;
        var units = passages.SelectMany(passage => QuotableLines.Of(passage.Text).Select((text, at) => (passage, at, text, Words: Terms.Set(text)))).ToList();
        this.question = Terms.Of(question).Select(term => term.Text).Distinct(StringComparer.Ordinal)
            .ToDictionary(word => word, word => QueryWeight(units.Count(unit => unit.Words.Contains(word)), units.Count), StringComparer.Ordinal);
        var average = units.Count == 0 ? 1 : units.Average(unit => unit.Words.Count);
        Quotables = [.. units.Select(unit => new Quotable(unit.passage, unit.at, unit.text, unit.Words, Score(unit.passage, unit.Words, average, passages)))];
    }

    public string Question { get; }

    /// <summary>In the order of the passages.</summary>
    public IReadOnlyList<Quotable> Quotables { get; }

    /// <summary>The share of the question's weight that these quotes and the headings above them cover, 0 to 1.</summary>
    public double Coverage(IReadOnlyCollection<Quotable> quotes)
    {
        var said = quotes.SelectMany(quote => quote.Words).Concat(quotes.SelectMany(quote => Terms.Set(quote.Passage.Title))).ToHashSet(StringComparer.Ordinal);
        return question.Count == 0 ? 0 : question.Where(word => said.Contains(word.Key)).Sum(word => word.Value) / question.Values.Sum();
    }

    static double QueryWeight(int units, int of) => Math.Log(1 + ((of - units + 0.5) / (units + 0.5)));

    double Score(ShownPassage passage, HashSet<string> words, double average, IReadOnlyList<ShownPassage> passages)
    {
        var length = 0.4 + (0.6 * words.Count / average);
        var own = question.Where(word => words.Contains(word.Key)).Sum(word => word.Value) * (Saturation + 1) / (1 + (Saturation * length));
        var title = Terms.Set(passage.Title);
        var heading = question.Where(word => title.Contains(word.Key)).Sum(word => word.Value);
        var rank = passages.TakeWhile(other => other != passage).Count();
        return (own + (HeadingShare * heading)) * (1 + (PassageRankShare / (1 + rank)));
    }
}
