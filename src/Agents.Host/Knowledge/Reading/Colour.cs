using System.Globalization;
using System.Text.RegularExpressions;

namespace Agents.Host.Knowledge.Reading;

/// <summary>A colour as red, green and blue, each from 0 to 255.</summary>
readonly partial record struct Colour(int Red, int Green, int Blue)
{
    /// <summary>Colours nearer than this in all three cannot be told apart on a page.</summary>
    const int Least = 20;

    /// <summary>The names that hide text on usual pages. Others are known to be colours and different from these.</summary>
    static readonly Dictionary<string, Colour> Named = new(StringComparer.Ordinal)
    {
        ["white"] = new(255, 255, 255), ["black"] = new(0, 0, 0), ["snow"] = new(255, 250, 250), ["ivory"] = new(255, 255, 240),
        ["whitesmoke"] = new(245, 245, 245), ["ghostwhite"] = new(248, 248, 255), ["floralwhite"] = new(255, 250, 240),
        ["mintcream"] = new(245, 255, 250), ["azure"] = new(240, 255, 255), ["aliceblue"] = new(240, 248, 255), ["seashell"] = new(255, 245, 238),
        ["gray"] = new(128, 128, 128), ["grey"] = new(128, 128, 128), ["silver"] = new(192, 192, 192), ["red"] = new(255, 0, 0),
        ["green"] = new(0, 128, 0), ["blue"] = new(0, 0, 255), ["yellow"] = new(255, 255, 0), ["navy"] = new(0, 0, 128),
    };

    /// <summary>Whether the two look the same.</summary>
    public bool IsLike(Colour other) =>
        Math.Abs(Red - other.Red) < Least && Math.Abs(Green - other.Green) < Least && Math.Abs(Blue - other.Blue) < Least;

    /// <summary>Whether a word of a value is a colour.</summary>
    public static bool IsColour(string word) => word is "transparent" || Named.ContainsKey(word) || word.StartsWith('#') || Function().IsMatch(word);

    /// <summary>A colour of a style sheet, in lower case. Null when it is unknown.</summary>
    /// <param name="behind">What a transparent one looks like.</param>
    public static Colour? Parse(string text, Colour? behind)
    {
        if (text is "transparent") return behind;
        if (Named.TryGetValue(text, out var named)) return named;
        if (text.StartsWith('#')) return Hexadecimal(text[1..], behind);
        if (Function().Match(text) is not { Success: true } match) return null;

        var parts = match.Groups["part"].Captures.Select(part => Part(part.Value)).ToList();
        if (parts is [_, _, _, <= 0.05]) return behind;
        return parts.Count >= 3 ? new((int)parts[0], (int)parts[1], (int)parts[2]) : null;
    }

    static Colour? Hexadecimal(string digits, Colour? behind)
    {
        if (digits.Length is 3 or 4) digits = string.Concat(digits.Select(digit => new string(digit, 2)));
        if (digits.Length is not (6 or 8)) return null;
        if (!int.TryParse(digits.AsSpan(0, 6), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)) return null;
        return digits.EndsWith("00", StringComparison.Ordinal) && digits.Length == 8 ? behind : new(value >> 16, (value >> 8) & 0xFF, value & 0xFF);
    }

    static double Part(string part) =>
        double.TryParse(part.TrimEnd('%'), CultureInfo.InvariantCulture, out var number) ? part.EndsWith('%') ? number * 2.55 : number : 0;

    [GeneratedRegex(@"^rgba?\(\s*(?<part>[\d.]+%?)(?:[\s,/]+(?<part>[\d.]+%?)){2,3}\s*\)$")]
    private static partial Regex Function();
}
