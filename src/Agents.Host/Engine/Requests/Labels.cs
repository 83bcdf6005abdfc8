using Agents.Domain.Runs;

namespace Agents.Host.Engine.Requests;

/// <summary>The caller's own labels on a run; bounds as in OpenAI's API, so that its clients fit.</summary>
public static class Labels
{
    const int Most = 16;
    const int KeyCharacters = 64;
    const int ValueCharacters = 512;

    /// <summary>What is wrong with them, or null.</summary>
    public static string? Problem(IReadOnlyDictionary<string, string>? labels)
    {
        if (labels is null) return null;
        if (labels.Count > Most) return $"At most {Most} labels; there are {labels.Count}.";
        if (labels.Keys.Any(key => key.Length is 0 or > KeyCharacters)) return $"A label's key has 1 to {KeyCharacters} characters.";
        return labels.Values.Any(value => value is null or { Length: > ValueCharacters })
            ? $"A label's value has at most {ValueCharacters} characters." : null;
    }

    public static IReadOnlyDictionary<string, string>? Clean(IReadOnlyDictionary<string, string>? labels) =>
        labels?.Count > 0
            ? labels.GroupBy(label => Sanitiser.Text(label.Key, KeyCharacters))
                .ToDictionary(same => same.Key, same => Sanitiser.Text(same.First().Value, ValueCharacters))
            : null;
}
