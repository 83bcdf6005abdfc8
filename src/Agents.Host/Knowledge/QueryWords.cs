using System.Globalization;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>A word of a query and how much it tells.</summary>
/// <param name="Weight">Its rarity times its importance in the query; above 0.</param>
/// <param name="Passages">In how many passages of the tenant it occurs.</param>
sealed record QueryWord(string Text, double Weight, int Passages);

/// <summary>The words of a query that are worth looking up, the most telling first.</summary>
/// <param name="AverageLength">Words in an average passage of the tenant.</param>
sealed record QueryWords(IReadOnlyList<QueryWord> Words, int Passages, double AverageLength)
{
    // A word in more passages than this tells nothing, unless the query has nothing better.
    const double Common = 0.3;

    const double PartImportance = 0.5;

    public bool IsEmpty => Words.Count == 0;

    /// <summary>Cuts the query into words and weighs them by the tenant's counts.</summary>
    public static async Task<QueryWords> Read(NpgsqlDataSource database, string tenant, string query, KnowledgeLimits limits, CancellationToken ct)
    {
        var importance = Importance(query.Length > limits.QueryCharacters ? query[..limits.QueryCharacters] : query);
        if (importance.Count == 0) return new QueryWords([], 0, 1);

        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select passages, average_length from agents.collection where tenant_id = $1") { Parameters = { new() { Value = tenant } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select word, passages from agents.word_count where tenant_id = $1 and word = any($2)")
        {
            Parameters = { new() { Value = tenant }, new() { Value = importance.Keys.ToArray() } },
        });
        await using var rows = await batch.ExecuteReaderAsync(ct);
        if (!await rows.ReadAsync(ct)) return new QueryWords([], 0, 1);

        var (passages, averageLength) = (rows.GetInt32(0), rows.GetDouble(1));
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        await rows.NextResultAsync(ct);
        while (await rows.ReadAsync(ct)) counts[rows.GetString(0)] = rows.GetInt32(1);

        return new QueryWords(Weigh(importance, counts, passages, limits.QueryWords), passages, averageLength);
    }

    /// <summary>How rare a word is, as in BM25; never negative.</summary>
    public static double Rarity(int passages, int of) => Math.Log(1 + ((of - Math.Min(passages, of) + 0.5) / (Math.Min(passages, of) + 0.5)));

    static List<QueryWord> Weigh(Dictionary<string, double> importance, Dictionary<string, int> counts, int passages, int most)
    {
        // A word that was never counted may stand in a passage stored since; it is looked up, too.
        var weighed = importance
            .Select(word => (word.Key, Count: counts.GetValueOrDefault(word.Key), Importance: word.Value))
            .Select(word => new QueryWord(word.Key, Rarity(word.Count, passages) * word.Importance, word.Count))
            .OrderByDescending(word => word.Weight).ThenBy(word => word.Text, StringComparer.Ordinal)
            .ToList();
        var telling = weighed.Where(word => word.Passages <= Math.Max(passages * Common, 5)).Take(most).ToList();
        return telling.Any(word => word.Passages > 0) ? telling : weighed.Where(word => word.Passages > 0).Take(3).ToList();
    }

    static Dictionary<string, double> Importance(string query)
    {
        var importance = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var term in Terms.Of(CleanText.Of(query)))
        {
            var one = term.Kind == TermKind.Part ? PartImportance : 1;
            // A word said twice matters more, but not twice as much.
            importance[term.Text] = importance.TryGetValue(term.Text, out var before) ? Math.Max(before, one) + 0.2 : one;
        }

        return importance;
    }

    /// <summary>A number as SQL reads it.</summary>
    public static string Sql(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
