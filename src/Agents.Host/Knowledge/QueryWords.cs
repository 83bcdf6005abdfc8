using System.Globalization;
using Agents.Host.Knowledge.Words;
using Agents.Host.Platform;
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
        var languages = await database.Query<string>("select language from agents.document_language where tenant_id = @tenant", new { tenant }, ct);
        var importance = Importance(CleanText.Of(CleanText.Cut(query, limits.QueryCharacters)), languages.ConvertAll(Enum.Parse<Language>));
        if (importance.Count == 0) return new QueryWords([], 0, 1);

        var counted = await database.Query<Counted>(
            """
            select c.passages as of, c.average_length, w.word, w.passages from agents.collection c
            left join agents.word_count w on w.tenant_id = c.tenant_id and w.word = any(@words)
            where c.tenant_id = @tenant
            """, new { tenant, words = importance.Keys.ToArray() }, ct);
        if (counted is not [var collection, ..]) return new QueryWords([], 0, 1);

        var counts = counted.Where(word => word.Word is not null)
            .ToDictionary(word => word.Word!, word => word.Passages!.Value, StringComparer.Ordinal);
        return new QueryWords(Weigh(importance, counts, collection.Of, limits.QueryWords), collection.Of, collection.AverageLength);
    }

    /// <summary>A word of the query that occurs; the only row has none when no word does.</summary>
    /// <param name="Of">Passages of the tenant.</param>
    sealed record Counted(int Of, double AverageLength, string? Word, int? Passages);

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

    /// <summary>A query does not say its language: its words are looked up as each language of the tenant's documents stems them.</summary>
    static Dictionary<string, double> Importance(string query, List<Language> languages)
    {
        var most = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var language in languages)
        {
            foreach (var (word, importance) in Importance(query, language)) most[word] = Math.Max(most.GetValueOrDefault(word), importance);
        }

        return most;
    }

    static Dictionary<string, double> Importance(string query, Language language)
    {
        var importance = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var term in Terms.Of(query, language, withSingles: false))
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
