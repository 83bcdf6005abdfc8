using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>Finds passages by words: candidates through PostgreSQL's text index, ranked by <see cref="Ranking"/>.</summary>
public sealed class PassageIndex(NpgsqlDataSource database, KnowledgeLimits limits)
{
    const double Fusion = 60;
    const double Repetition = 0.9;

    /// <summary>The passages of the tenant's documents most relevant to a query, best first.</summary>
    /// <param name="query">Plain words; nothing in it is an operator. What passes <see cref="KnowledgeLimits.QueryCharacters"/> is cut.</param>
    /// <param name="limit">At least 0; at most <see cref="KnowledgeLimits.Results"/> are returned.</param>
    /// <returns>Empty when no word of the query tells anything.</returns>
    public async Task<IReadOnlyList<Passage>> Search(string tenant, string query, int limit, CancellationToken ct = default)
    {
        limit = Math.Clamp(limit, 0, limits.Results);
        if (limit == 0) return [];
        var words = await QueryWords.Read(database, tenant, query, limits, ct);
        if (words.IsEmpty) return [];

        var candidates = await Candidate.Find(database, tenant, words, ct);
        return [.. Ranking.Rank(candidates, words).Take(limit).Select(scored => scored.Candidate.ToPassage(scored.Score))];
    }

    /// <summary>One list from several queries: a passage scores the sum of 1/(60 + its rank) over the lists it is in.</summary>
    /// <param name="queries">At most <see cref="KnowledgeLimits.Queries"/> are used; the same query twice counts once.</param>
    public async Task<IReadOnlyList<Passage>> Search(
        string tenant, IReadOnlyList<string> queries, int limit, CancellationToken ct = default)
    {
        var lists = new List<IReadOnlyList<Passage>>();
        foreach (var query in queries.Distinct(StringComparer.Ordinal).Take(limits.Queries))
            lists.Add(await Search(tenant, query, limits.Results, ct));

        return [.. Spread(Fuse(lists)).Take(Math.Clamp(limit, 0, limits.Results))];
    }

    /// <summary>Fuses ranked lists by reciprocal rank; equal scores keep the order of the first list they are in.</summary>
    public static IEnumerable<Passage> Fuse(IEnumerable<IReadOnlyList<Passage>> lists) => lists
        .SelectMany(list => list.Select((passage, at) => (Passage: passage, Score: 1 / (Fusion + at + 1))))
        .GroupBy(found => found.Passage.PassageId, StringComparer.Ordinal)
        .Select(found => found.First().Passage with { Score = found.Sum(one => one.Score) })
        .OrderByDescending(passage => passage.Score);

    /// <summary>Lets other documents up: each further passage of a document counts less than the one before.</summary>
    static IEnumerable<Passage> Spread(IEnumerable<Passage> ranked)
    {
        var before = new Dictionary<string, int>(StringComparer.Ordinal);
        return ranked
            .Select(passage => passage with { Score = passage.Score * Math.Pow(Repetition, Next(passage.DocumentId)) })
            .OrderByDescending(passage => passage.Score);

        int Next(string document) => (before[document] = before.GetValueOrDefault(document) + 1) - 1;
    }
}
