namespace Agents.Domain.Runs;

/// <summary>Makes one ranking of several.</summary>
public static class Fusion
{
    /// <summary>Dampens the first ranks, so that a passage found by many queries beats the first of one.</summary>
    const int Dampening = 60;

    /// <summary>
    /// Reciprocal rank fusion: each list gives a passage 1 / (60 + rank). Ties keep the order in which passages were first seen.
    /// Source: Cormack, Clarke, Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.
    /// </summary>
    public static IReadOnlyList<Passage> Of(IEnumerable<IReadOnlyList<Passage>> rankings) =>
    [
        .. rankings
            .SelectMany(ranking => ranking.Select((passage, index) => (passage, score: 1.0 / (Dampening + index + 1))))
            .GroupBy(found => found.passage.PassageId)
            .OrderByDescending(group => group.Sum(found => found.score))
            .Select(group => group.First().passage),
    ];
}
