using System.Globalization;
using System.Text.RegularExpressions;

namespace Agents.Domain.Runs;

/// <summary>Finds the passages a text refers to.</summary>
public static partial class Citations
{
    /// <summary>The citations of a text in the order of their first mention; numbers without a passage are left out.</summary>
    /// <param name="sources">Number n is at position n - 1.</param>
    /// <param name="quotes">Words the model took over literally, each with the number it cites; empty when it wrote in its own words.</param>
    public static IReadOnlyList<Citation> In(string text, IReadOnlyList<Passage> sources, IReadOnlyList<(int Number, string Quote)> quotes) =>
    [
        .. Marks().Matches(text)
            .SelectMany(mark => mark.Groups["n"].Captures)
            .Select(NumberOf)
            .Where(number => number >= 1 && number <= sources.Count)
            .Distinct()
            .Select(number => Of(number, sources[number - 1], quotes.FirstOrDefault(quote => quote.Number == number).Quote)),
    ];

    /// <summary>Where the text first mentions a number, in UTF-16 units; 0 when it does not.</summary>
    public static int PositionOf(string text, int number) =>
        Marks().Matches(text)
            .FirstOrDefault(mark => mark.Groups["n"].Captures.Any(capture => NumberOf(capture) == number))?.Index ?? 0;

    static int NumberOf(Capture mark) => int.Parse(mark.Value, CultureInfo.InvariantCulture);

    static Citation Of(int number, Passage passage, string? quote) =>
        new(number, passage.DocumentId, passage.DocumentVersion, passage.PassageId, passage.Source, passage.Title, quote);

    /// <summary>[1], [1, 2] and [1][2]. Not \d, which takes the digits of every script.</summary>
    [GeneratedRegex(@"\[(?<n>[0-9]{1,4})(?:\s*,\s*(?<n>[0-9]{1,4}))*\]", RegexOptions.CultureInvariant)]
    private static partial Regex Marks();
}
