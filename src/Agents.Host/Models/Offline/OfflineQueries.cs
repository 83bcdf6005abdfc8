using System.Text.RegularExpressions;
using Agents.Host.Knowledge;

namespace Agents.Host.Models.Offline;

/// <summary>Turns a question into search queries.</summary>
static partial class OfflineQueries
{
    /// <summary>The question itself first, then what was measured to find more.</summary>
    public static IReadOnlyList<string> For(string question)
    {
        var whole = CleanText.OneLine(question);
        var words = Word().Matches(whole).Select(match => match.Value).ToList();
        var identifiers = string.Join(' ', words.Where(Terms.IsIdentifier));
        var related = OfflineVocabulary.RelatedTo(whole);
        return new[]
        {
            whole, identifiers, related.Count > 0 ? $"{string.Join(' ', words.Where(word => Terms.Of(word).Any()))} {string.Join(' ', related)}" : ""
        }
            .Where(query => query.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
    }

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}_]+")]
    private static partial Regex Word();
}
