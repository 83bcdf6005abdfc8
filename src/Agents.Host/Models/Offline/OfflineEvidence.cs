using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Models.Offline;

/// <summary>Something that can be quoted: a sentence, a list item or some lines of code.</summary>
/// <param name="Position">Its place in the passage, from 0.</param>
/// <param name="Score">How well it fits the question, higher is better.</param>
sealed record Quotable(ShownPassage Passage, int Position, string Text, HashSet<string> Words, double Score);

/// <summary>Weighs what can be quoted from the passages against the question.</summary>
/// <remarks>
/// A quote counts by the words of the question it has, the rarer among the quotes the more; by the quote before and after it, for an
/// explanation seldom fits into one sentence; by its whole passage; and by the place of that passage, for those who searched knew more words.
/// </remarks>
sealed class OfflineEvidence
{
    const double BeforeShare = 0.8;
    const double AfterShare = 0.4;
    const double PassageShare = 1.2;
    const double PlaceShare = 1.5;
    const double PlaceFall = 0.5;
    const int FewestWords = 2;

    readonly Dictionary<string, double> weights;
    readonly HashSet<string> shown;

    /// <summary>Of the passages: what the question is asked in finds nothing in them if it is another.</summary>
    readonly Language language;

    public OfflineEvidence(string question, IReadOnlyList<ShownPassage> passages)
    {
        language = Languages.Of(string.Join('\n', passages.Select(passage => passage.Text)));
        var units = passages.Select(passage => QuotableLines.Of(passage.Text).Select(text => (Text: text, Words: Words(text))).ToList()).ToList();
        var all = units.SelectMany(passage => passage).ToList();
        weights = Words(question).ToDictionary(
            word => word, word => QueryWords.Rarity(all.Count(unit => unit.Words.Contains(word)), all.Count), StringComparer.Ordinal);
        shown = all.SelectMany(unit => unit.Words).Concat(passages.SelectMany(passage => Words(passage.Title))).ToHashSet(StringComparer.Ordinal);
        Question = question;
        Quotables = [.. passages.SelectMany((passage, place) => Weigh(passage, place, units[place]))];
    }

    public string Question { get; }

    /// <summary>In the order of the passages.</summary>
    public IReadOnlyList<Quotable> Quotables { get; }

    /// <summary>Names in the question that none of the passages mentions.</summary>
    public IReadOnlyList<string> MissingNames() => [.. OfflineNames.In(Question, language).Where(name => !OfflineNames.IsAmong(name, shown))];

    /// <summary>The share of the question's weight that the passages have, headings included; 0 to 1.</summary>
    public double CoverageByPassages() => Coverage(shown);

    /// <summary>The share of the question's weight that these quotes and the headings above them have, 0 to 1.</summary>
    public double CoverageBy(IEnumerable<Quotable> quotes) =>
        Coverage(quotes.SelectMany(quote => quote.Words.Concat(Words(quote.Passage.Title))).ToHashSet(StringComparer.Ordinal));

    HashSet<string> Words(string text) => Terms.Set(text, language);

    double Coverage(HashSet<string> words) =>
        weights.Count == 0 ? 0 : weights.Where(word => words.Contains(word.Key)).Sum(word => word.Value) / weights.Values.Sum();

    IEnumerable<Quotable> Weigh(ShownPassage passage, int place, List<(string Text, HashSet<string> Words)> units)
    {
        var whole = Coverage([.. units.SelectMany(unit => unit.Words), .. Words(passage.Title)]);
        var own = units.Select(unit => Coverage(unit.Words)).ToList();
        for (var at = 0; at < units.Count; at++)
        {
            if (units[at].Words.Count < FewestWords) continue;

            var near = Math.Max(at > 0 ? own[at - 1] * BeforeShare : 0, at + 1 < own.Count ? own[at + 1] * AfterShare : 0);
            var score = (own[at] + near + (PassageShare * whole)) * (1 + (PlaceShare / (1 + (place * PlaceFall))));
            yield return new Quotable(passage, at, units[at].Text, units[at].Words, score);
        }
    }
}
