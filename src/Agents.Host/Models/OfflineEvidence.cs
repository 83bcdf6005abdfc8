using Agents.Host.Knowledge;
using static Agents.Host.Knowledge.Tune;

namespace Agents.Host.Models;

/// <summary>Something that can be quoted: a sentence, a list item or some lines of code.</summary>
/// <param name="Position">Its place in the passage, from 0.</param>
/// <param name="Score">How well it fits the question, higher is better.</param>
sealed record Quotable(ShownPassage Passage, int Position, string Text, HashSet<string> Words, double Score);

/// <summary>Weighs what can be quoted from the passages against the question.</summary>
sealed class OfflineEvidence
{
    static readonly double Neighbour = Get("Neighbour", 0.3);
    static readonly double PassageShare = Get("PassageShare", 0.4);
    static readonly double RankShare = Get("RankShare", 1);
    static readonly double IdentifierBonus = Get("IdentifierBonus", 0.2);
    static readonly double LengthShare = Get("LengthShare", 0.3);
    static readonly double RankFall = Get("RankFall", 1);

    readonly Dictionary<string, double> question;

    public OfflineEvidence(string question, IReadOnlyList<ShownPassage> passages)
    {
        Question = question;
        Passages = passages;
        var units = passages.Select(passage => QuotableLines.Of(passage.Text).Select(text => (Text: text, Words: Terms.Set(text))).ToList()).ToList();
        var all = units.SelectMany(unit => unit).ToList();
        this.question = Terms.Of(question).Select(term => term.Text).Distinct(StringComparer.Ordinal)
            .ToDictionary(word => word, word => QueryWords.Rarity(all.Count(unit => unit.Words.Contains(word)), all.Count), StringComparer.Ordinal);
        var average = all.Count == 0 ? 1 : Math.Max(1, all.Average(unit => unit.Words.Count));
        Quotables = [.. passages.SelectMany((passage, rank) => Weigh(passage, rank, units[rank], average))];
    }

    public string Question { get; }

    public IReadOnlyList<ShownPassage> Passages { get; }

    /// <summary>In the order of the passages.</summary>
    public IReadOnlyList<Quotable> Quotables { get; }

    /// <summary>The share of the question's weight that these quotes and the headings above them cover, 0 to 1.</summary>
    public double Coverage(IReadOnlyCollection<Quotable> quotes) => Share(quotes.SelectMany(quote => quote.Words).Concat(quotes.SelectMany(quote => Terms.Set(quote.Passage.Title))));

    public double Share(IEnumerable<string> words)
    {
        var said = words.ToHashSet(StringComparer.Ordinal);
        return question.Count == 0 ? 0 : question.Where(word => said.Contains(word.Key)).Sum(word => word.Value) / question.Values.Sum();
    }

    IEnumerable<Quotable> Weigh(ShownPassage passage, int rank, List<(string Text, HashSet<string> Words)> units, double average)
    {
        var whole = Share(units.SelectMany(unit => unit.Words).Concat(Terms.Set(passage.Title)));
        var own = units.Select(unit => Share(unit.Words) / (1 - LengthShare + (LengthShare * Math.Max(unit.Words.Count, 4) / average))).ToList();
        for (var at = 0; at < units.Count; at++)
        {
            if (units[at].Words.Count < 2) continue;
            var near = Math.Max(at > 0 ? own[at - 1] : 0, at + 1 < units.Count ? own[at + 1] * 0.5 : 0);
            var score = own[at] + (Neighbour * near) + (PassageShare * whole);
            var bonus = 1 + (Terms.Of(units[at].Text).Any(term => term.Kind == TermKind.Identifier && !question.ContainsKey(term.Text)) ? IdentifierBonus : 0);
            yield return new Quotable(passage, at, units[at].Text, units[at].Words, score * bonus * (1 + (RankShare / (1 + rank * RankFall))));
        }
    }
}
