using System.Globalization;
using System.Text.RegularExpressions;
using AngleSharp.Dom;

namespace Agents.Host.Knowledge.Reading;

/// <summary>How the text of an element looks to a reader, as far as it can be told without laying the page out.</summary>
/// <param name="FontPixels">CSS pixels, 96 an inch.</param>
/// <param name="Text">Null when unknown.</param>
/// <param name="Background">Null when unknown, as over a picture.</param>
readonly partial record struct Appearance(bool IsVisible, double FontPixels, Colour? Text, Colour? Background)
{
    /// <summary>Of a page that says nothing.</summary>
    public static readonly Appearance Usual = new(true, UsualPixels, new(0, 0, 0), new(255, 255, 255));

    const double UsualPixels = 16;

    /// <summary>Smaller text is a dot or nothing.</summary>
    const double LeastPixels = 1.5;

    /// <summary>So far outside, text is not there for a reader.</summary>
    const double OffPage = -500;

    /// <summary>Half the width of a page is how pages were centred.</summary>
    const double OffPageMargin = -2000;

    const double LeastOpacity = 0.05;

    static readonly string[] Places = ["left", "right", "top", "bottom"];
    static readonly string[] Margins = ["margin-left", "margin-top"];

    /// <summary>Not <c>max-width</c>: a cell of a table that cuts its text has none, and is read all the same.</summary>
    static readonly string[] Sizes = ["width", "height", "max-height"];
    static readonly string[] Backgrounds = ["background", "background-color"];

    /// <summary>Whether a reader can see text that looks so.</summary>
    public bool IsShown => IsVisible && FontPixels >= LeastPixels && !(Text is { } text && Background is { } background && text.IsLike(background));

    /// <summary>How an element inside looks; null when neither it nor anything in it is shown.</summary>
    /// <param name="declarations">By property, in lower case; null for none.</param>
    public Appearance? Inside(IElement element, IReadOnlyDictionary<string, string>? declarations)
    {
        if (element.HasAttribute("hidden") || element.GetAttribute("aria-hidden") is "true") return null;
        if (declarations is null) return this;
        if (IsGone(declarations)) return null;

        var inside = this;
        if (declarations.TryGetValue("visibility", out var visibility))
            inside = inside with { IsVisible = visibility is "visible" || (visibility is "inherit" && IsVisible) };
        if (declarations.TryGetValue("font-size", out var size)) inside = inside with { FontPixels = Pixels(size, FontPixels) ?? FontPixels };
        if (declarations.TryGetValue("font", out var font) && FontSize().Match(font) is { Success: true } shorthand)
            inside = inside with { FontPixels = Pixels(shorthand.Value, FontPixels) ?? FontPixels };
        foreach (var property in Backgrounds)
        {
            if (declarations.TryGetValue(property, out var background)) inside = inside with { Background = Behind(background) };
        }

        if (declarations.TryGetValue("color", out var colour) && colour is not ("inherit" or "currentcolor"))
            inside = inside with { Text = Colour.Parse(colour, inside.Background) };
        return inside;
    }

    static bool IsGone(IReadOnlyDictionary<string, string> declarations)
    {
        return Is("display", "none") || Is("content-visibility", "hidden")
            || Number("opacity") is <= LeastOpacity
            || (Says("position") is "absolute" or "fixed" && Places.Any(IsFarOut))
            || IsFarOut("text-indent")
            || Margins.Any(margin => Says(margin) is { } value && Pixels(value, UsualPixels) is <= OffPageMargin)
            || (Says("transform") is { } transform && (transform.Contains("scale(0)", StringComparison.Ordinal)
                || Moved().Matches(transform).Any(moved => Pixels(moved.Groups["by"].Value, UsualPixels) is <= OffPage)))
            || (Says("clip") is { } clip && NoRectangle().IsMatch(clip))
            || (Says("clip-path") is { } path && NoInset().IsMatch(path))
            || (Says("overflow") is "hidden" or "clip" && Sizes.Any(IsNothing) && Says("flex") is null && Says("flex-grow") is null); // else it grows

        string? Says(string property) => declarations.GetValueOrDefault(property);
        bool Is(string property, string value) => Says(property) == value;
        double? Number(string property) => double.TryParse(Says(property), CultureInfo.InvariantCulture, out var number) ? number : null;
        bool IsFarOut(string property) => Says(property) is { } value && Pixels(value, UsualPixels) is <= OffPage;
        bool IsNothing(string property) => Says(property) is { } value && Pixels(value, UsualPixels) is <= 1;
    }

    Colour? Behind(string background)
    {
        if (background.Contains("url(", StringComparison.Ordinal) || background.Contains("gradient(", StringComparison.Ordinal)) return null;

        var named = Words().Matches(background).Select(word => word.Value).FirstOrDefault(Colour.IsColour);
        if (named is not null) return Colour.Parse(named, Background);
        return background is "none" or "inherit" or "initial" or "unset" ? Background : null; // a colour that is not known hides nothing
    }

    /// <summary>A length in pixels; null when it is none.</summary>
    /// <param name="whole">What <c>em</c> and <c>%</c> are shares of.</param>
    static double? Pixels(string length, double whole)
    {
        if (Length().Match(length) is not { Success: true } match) return null;
        if (!double.TryParse(match.Groups["number"].Value, CultureInfo.InvariantCulture, out var number)) return null;

        return match.Groups["unit"].Value switch
        {
            "" or "px" => number,
            "pt" => number * 4 / 3,
            "pc" => number * 16,
            "in" => number * 96,
            "cm" => number * 96 / 2.54,
            "mm" => number * 96 / 25.4,
            "em" or "ex" or "ch" => number * whole,
            "rem" => number * UsualPixels,
            "%" => number * whole / 100,
            "vw" or "vh" => number * 10,
            _ => null,
        };
    }

    [GeneratedRegex(@"^\s*(?<number>[+-]?(?:\d+\.?\d*|\.\d+))(?<unit>[a-z]*|%)\s*$")]
    private static partial Regex Length();

    [GeneratedRegex(@"(?:\d+\.?\d*|\.\d+)(?:px|pt|em|rem|%)?(?=/|\s)")]
    private static partial Regex FontSize();

    [GeneratedRegex(@"translate[xy3d]*\((?:[^)]*?,\s*)?(?<by>-[\d.]+[a-z%]*)")]
    private static partial Regex Moved();

    [GeneratedRegex(@"rect\(\s*(?<edge>[01](?:px)?)(?:\s*,?\s*\k<edge>){3}\s*\)")]
    private static partial Regex NoRectangle();

    [GeneratedRegex(@"inset\(\s*(?:50|100)%|circle\(\s*0|polygon\(\s*0[^,]*\)")]
    private static partial Regex NoInset();

    [GeneratedRegex(@"[a-z]+\([^)]*\)|[^\s]+")]
    private static partial Regex Words();
}
