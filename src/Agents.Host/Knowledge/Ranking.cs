namespace Agents.Host.Knowledge;

/// <summary>A candidate and how well it fits, higher is better.</summary>
readonly record struct Scored(Candidate Candidate, double Score);

/// <summary>
/// Orders candidates by BM25F (Robertson, Zaragoza: "The Probabilistic Relevance Framework", 2009): occurrences in the places of a passage
/// are weighed and summed before they saturate. Then two kinds of evidence are added: words that the best passages share beyond
/// the query (pseudo-relevance feedback), and how well the rest of the same document fits.
/// </summary>
static class Ranking
{
    const double Saturation = 1.2;
    const double LengthPenalty = 0.6;
    const double HeadingWeight = 2.0;
    const double SourceWeight = 1.5;
    const double PartWeight = 0.5;
    const double DocumentShare = 0.15;
    const int FeedbackPassages = 8;
    const int FeedbackWords = 12;
    const double FeedbackShare = 0.1;

    public static IEnumerable<Scored> Rank(IReadOnlyList<Candidate> candidates, QueryWords words)
    {
        var query = words.Words.ToDictionary(word => word.Text, word => word.Weight, StringComparer.Ordinal);
        var first = ByWords(candidates, query, words.AverageLength);
        first = ByWords(candidates, WithFeedback(query, first, candidates), words.AverageLength);
        return WithDocuments(first);
    }

    static List<Scored> ByWords(IReadOnlyList<Candidate> candidates, Dictionary<string, double> query, double averageLength) =>
        [.. candidates.Select(candidate => new Scored(candidate, Score(candidate, query, averageLength))).OrderByDescending(scored => scored.Score)];

    static double Score(Candidate candidate, Dictionary<string, double> query, double averageLength)
    {
        var length = 1 - LengthPenalty + (LengthPenalty * candidate.Length / Math.Max(averageLength, 1));
        var score = 0.0;
        foreach (var (word, weight) in query)
        {
            if (!candidate.Words.TryGetValue(word, out var places)) continue;
            var frequency = (Math.Min(places.Heading, 2) * HeadingWeight) + (Math.Min(places.Source, 1) * SourceWeight)
                + (((places.Part * PartWeight) + places.Text) / length);
            score += weight * frequency * (Saturation + 1) / (frequency + Saturation);
        }

        return score;
    }

    static Dictionary<string, double> WithFeedback(Dictionary<string, double> query, List<Scored> first, IReadOnlyList<Candidate> candidates)
    {
        var best = first.Take(FeedbackPassages).Where(scored => scored.Score > 0).ToList();
        if (best.Count < 2) return query;

        var total = best.Sum(scored => scored.Score);
        var shares = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (candidate, score) in best)
        {
            foreach (var (word, places) in candidate.Words)
            {
                var frequency = places.Text + (places.Part * PartWeight) + places.Heading;
                shares[word] = shares.GetValueOrDefault(word) + (score / total * frequency / (candidate.Length + 10));
            }
        }

        var seen = candidates.SelectMany(candidate => candidate.Words.Keys).CountBy(word => word).ToDictionary(StringComparer.Ordinal);
        var telling = shares.Where(word => !query.ContainsKey(word.Key))
            .Select(word => (word.Key, Weight: word.Value * QueryWords.Rarity(seen[word.Key], candidates.Count)))
            .OrderByDescending(word => word.Weight).ThenBy(word => word.Key, StringComparer.Ordinal).Take(FeedbackWords).ToList();
        var scale = FeedbackShare * query.Values.Sum() / Math.Max(telling.Sum(word => word.Weight), 1e-9);
        var expanded = new Dictionary<string, double>(query, StringComparer.Ordinal);
        foreach (var (word, weight) in telling) expanded[word] = weight * scale;
        return expanded;
    }

    static IEnumerable<Scored> WithDocuments(List<Scored> scored)
    {
        var documents = scored.GroupBy(one => one.Candidate.DocumentId)
            .ToDictionary(group => group.Key, group => group.Take(3).Select((one, at) => one.Score / (at + 1)).Sum() / (1 + 0.5 + (1 / 3.0)));
        return scored
            .Select(one => one with { Score = (one.Score * (1 - DocumentShare)) + (documents[one.Candidate.DocumentId] * DocumentShare) })
            .OrderByDescending(one => one.Score).ThenBy(one => one.Candidate.PassageId, StringComparer.Ordinal);
    }
}
