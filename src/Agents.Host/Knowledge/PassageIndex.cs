using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>Finds passages by words: candidates through PostgreSQL's text index, ranked by <see cref="Ranking"/>.</summary>
public sealed class PassageIndex(NpgsqlDataSource database, KnowledgeLimits limits)
{
    /// <summary>The passages of the tenant's documents most relevant to a query, best first.</summary>
    /// <param name="query">Plain words; nothing in it is an operator. What passes <see cref="KnowledgeLimits.QueryCharacters"/> is cut.</param>
    /// <param name="limit">At least 0; at most <see cref="KnowledgeLimits.Results"/> are returned.</param>
    /// <param name="sources">Only documents whose label begins with this; empty for all.</param>
    /// <returns>Empty when no word of the query tells anything.</returns>
    public async Task<IReadOnlyList<Passage>> Search(string tenant, string query, int limit, string sources = "", CancellationToken ct = default)
    {
        limit = Math.Clamp(limit, 0, limits.Results);
        if (limit == 0) return [];
        var words = await QueryWords.Read(database, tenant, query, limits, ct);
        if (words.IsEmpty) return [];

        var candidates = await Candidate.Find(database, tenant, words, CleanText.Of(sources), ct);
        return [.. Ranking.Rank(candidates, words).Take(limit).Select(scored => scored.Candidate.ToPassage(scored.Score))];
    }
}
