using System.Globalization;
using System.Text;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>Writes the searchable words of a passage in PostgreSQL's form for a <c>tsvector</c>.</summary>
static class IndexedWords
{
    const int LastPosition = 16_000; // PostgreSQL ends at 16,383.

    /// <summary>The words with their places, and how many of them stand in the text.</summary>
    public static (string Vector, int Length) Of(string tenant, string source, Language language, SplitPassage passage)
    {
        var places = new Dictionary<string, List<string>>(StringComparer.Ordinal) { [TenantWord(tenant)] = [] };
        var position = 1;
        var length = 0;
        foreach (var term in Terms.Of(passage.Heading, language)) Add(term.Text, 'A');
        foreach (var term in Terms.Of(Path.ChangeExtension(source, null), language)) Add(term.Text, 'B');
        foreach (var term in Terms.Of(passage.Text, language))
        {
            if (term.Kind != TermKind.Part) length++;
            Add(term.Text, term.Kind == TermKind.Part ? 'C' : 'D');
        }

        var vector = new StringBuilder();
        foreach (var (word, at) in places) vector.Append(Quoted(word)).Append(at.Count > 0 ? ":" : "").AppendJoin(',', at).Append(' ');
        return (vector.ToString(), length);

        void Add(string word, char place)
        {
            if (!places.TryGetValue(word, out var at)) places[word] = at = [];
            if (at.Count < 200) at.Add(string.Create(CultureInfo.InvariantCulture, $"{Math.Min(position++, LastPosition)}{place}"));
        }
    }

    /// <summary>Stands in every passage of the tenant, so that the index never reads the postings of others.</summary>
    public static string TenantWord(string tenant) => $"tenant={tenant}";

    /// <summary>A word as PostgreSQL's text search reads it literally.</summary>
    public static string Quoted(string word) => "'" + word.Replace(@"\", @"\\").Replace("'", "''") + "'";
}
