namespace Agents.Domain.Runs;

/// <summary>Makes one ranking of several.</summary>
public static class Fusion
{
    /// <summary>Dampens the first ranks, so that a passage found by many queries beats the first of one.</summary>
    const int Dampening = 60;

    /// <summary>What each further passage of a document keeps of its score, so that other documents are heard too.</summary>
    const double Repetition = 0.9;

    /// <summary>
    /// Reciprocal rank fusion: each list gives a passage 1 / (60 + rank), and each further passage of the same document counts a tenth less than the
    /// one before it. Ties keep the order in which passages were first seen.
    /// Source: Cormack, Clarke, Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.
    /// </summary>
    public static IReadOnlyList<Passage> Of(IEnumerable<IReadOnlyList<Passage>> rankings)
    {
        var fused = rankings
            .SelectMany(ranking => ranking.Select((passage, index) => (Passage: passage, Score: 1.0 / (Dampening + index + 1))))
            .GroupBy(found => found.Passage.PassageId)
            .Select(group => (group.First().Passage, Score: group.Sum(found => found.Score)))
            .OrderByDescending(found => found.Score);

        var before = new Dictionary<string, int>(StringComparer.Ordinal);
        return
        [
            .. fused
                .Select(found => (found.Passage, Score: found.Score * Math.Pow(Repetition, SeenOf(found.Passage.DocumentId))))
                .OrderByDescending(found => found.Score)
                .Select(found => found.Passage),
        ];

        int SeenOf(string document) => (before[document] = before.GetValueOrDefault(document) + 1) - 1;
    }
}
