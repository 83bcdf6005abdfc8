namespace Agents.Host.Platform;

/// <summary>Finds what a person probably meant by a word that is no name.</summary>
public static class NearName
{
    /// <summary>Most wrong letters in a word for which a name is suggested.</summary>
    const int MostWrongLetters = 2;

    /// <summary>The name with the fewest letters to change; null when none is near. Capitals count as small letters.</summary>
    public static string? Of(string word, IEnumerable<string> names) => names
        .Select(name => (Name: name, Distance: name.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(word, name)))
        .Where(near => near.Distance <= MostWrongLetters)
        .OrderBy(near => near.Distance)
        .Select(near => near.Name)
        .FirstOrDefault();

    /// <summary>Levenshtein's: letters to insert, leave out or change.</summary>
    static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var (diagonal, _) = (row[0], row[0] = i);
            for (var j = 1; j <= to.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
