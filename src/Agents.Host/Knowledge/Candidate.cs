using Agents.Domain.Runs;
using Agents.Host.Platform;
using Npgsql;
using NpgsqlTypes;

namespace Agents.Host.Knowledge;

/// <summary>A passage that has some words of the query, with all its searchable words.</summary>
/// <param name="Length">Number of words in the text.</param>
sealed record Candidate(
    string PassageId, string DocumentId, int Version, string Source, string Heading, string Text, int Length,
    IReadOnlyDictionary<string, Places> Words)
{
    /// <summary>Most candidates that are ranked in full.</summary>
    public const int Most = 200;

    // Rows the index may give before they are ordered; common words beyond it only score, they find nothing.
    const int MostRows = 2_500;

    const double HeadingFactor = 1.7;

    /// <summary>The passages with the best sum of word weights, in the order of their ids.</summary>
    /// <param name="sources">Only documents whose label begins with this; empty for all.</param>
    public static async Task<List<Candidate>> Find(NpgsqlDataSource database, string tenant, QueryWords words, string sources, CancellationToken ct)
    {
        var values = new Dictionary<string, object> { ["tenant"] = tenant, ["finding"] = Finding(tenant, words), ["sources"] = sources };
        var score = new List<string>();
        foreach (var word in words.Words)
        {
            var name = $"word_{score.Count}";
            values[name] = IndexedWords.Quoted(word.Text);
            values[$"{name}_in_heading"] = IndexedWords.Quoted(word.Text) + ":A";
            score.Add(
                $"""
                case when p.words @@ @{name}_in_heading::tsquery then {QueryWords.Sql(word.Weight * HeadingFactor)}
                     when p.words @@ @{name}::tsquery then {QueryWords.Sql(word.Weight)} else 0 end
                """);
        }

        var rows = await database.Query<CandidateRow>(
            $"""
            select p.passage_id, p.document_id, p.version, d.source, p.heading, p.text, p.length, p.words
            from (select p.passage_id, {string.Join(" + ", score)} as score
                  from agents.passage p
                  where p.tenant_id = @tenant and p.words is not null and p.words @@ @finding::tsquery
                    and (@sources = '' or exists (
                      select from agents.document named where named.id = p.document_id and starts_with(named.source, @sources)))
                  order by score desc, p.passage_id limit {Most}) best
            join agents.passage p using (passage_id)
            join agents.document d on d.id = p.document_id and d.tenant_id = @tenant
            where p.words is not null
            order by p.passage_id
            """, values, ct);
        return rows.ConvertAll(row => row.ToCandidate());
    }

    sealed record CandidateRow(
        string PassageId, string DocumentId, int Version, string Source, string Heading, string Text, int Length, NpgsqlTsVector Words)
    {
        public Candidate ToCandidate() => new(PassageId, DocumentId, Version, Source, Heading, Text, Length, Places.Of(Words));
    }

    /// <summary>The passage as the domain knows it.</summary>
    public Passage ToPassage(double score) => new(DocumentId, Version, PassageId, Source, Heading, Text, score);

    /// <summary>The rarest words, as many as together give no more rows than are worth ordering; always two.</summary>
    static string Finding(string tenant, QueryWords words)
    {
        var finding = new List<string>();
        var rows = 0;
        foreach (var word in words.Words.OrderBy(word => word.Passages))
        {
            rows += word.Passages;
            if (rows > MostRows && finding.Count >= 2) break;
            finding.Add(IndexedWords.Quoted(word.Text));
        }

        return $"{IndexedWords.Quoted(IndexedWords.TenantWord(tenant))} & ({string.Join(" | ", finding)})";
    }
}

/// <summary>How often a word stands in the places of a passage.</summary>
readonly record struct Places(int Heading, int Source, int Part, int Text)
{
    public static Dictionary<string, Places> Of(NpgsqlTsVector vector)
    {
        var words = new Dictionary<string, Places>(vector.Count, StringComparer.Ordinal);
        foreach (var lexeme in vector)
        {
            var places = new Places();
            for (var at = 0; at < lexeme.Count; at++)
            {
                places = lexeme[at].Weight switch
                {
                    NpgsqlTsVector.Lexeme.Weight.A => places with { Heading = places.Heading + 1 },
                    NpgsqlTsVector.Lexeme.Weight.B => places with { Source = places.Source + 1 },
                    NpgsqlTsVector.Lexeme.Weight.C => places with { Part = places.Part + 1 },
                    _ => places with { Text = places.Text + 1 },
                };
            }

            if (lexeme.Count > 0) words[lexeme.Text] = places; // The word that names the tenant has no place.
        }

        return words;
    }
}
