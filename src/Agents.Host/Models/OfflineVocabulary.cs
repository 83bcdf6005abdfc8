using Agents.Host.Knowledge;

namespace Agents.Host.Models;

/// <summary>Words that documentation of software uses for the same thing. Each line is a group; a word may stand in several.</summary>
/// <remarks>General English of the trade only: a word that belongs to one product does not belong here.</remarks>
static class OfflineVocabulary
{
    const string Groups =
        """
        remove delete erase purge drop
        """;

    static readonly ILookup<string, string> Related = Groups
        .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' '))
        .SelectMany(group => group.SelectMany(word => group.Where(other => other != word).Select(other => (Stem: Stem.Of(word), other))))
        .ToLookup(pair => pair.Stem, pair => pair.other, StringComparer.Ordinal);

    /// <summary>Words that mean about the same as words of the text and are not in it.</summary>
    public static IReadOnlyList<string> RelatedTo(string text)
    {
        var said = Terms.Set(text);
        return said.SelectMany(word => Related[word]).Where(word => !said.Contains(Stem.Of(word))).Distinct(StringComparer.Ordinal).ToList();
    }
}
