using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// Follows the HTML tags in a Markdown text: an element that no reader sees may begin in one piece of HTML and end in a later one, with Markdown
/// between them.
/// </summary>
sealed partial class HiddenMarkup
{
    static readonly HashSet<string> Dropped = new(["script", "style", "template"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Elements that have no end.</summary>
    static readonly HashSet<string> Void = new(
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"],
        StringComparer.OrdinalIgnoreCase);

    string? hidden;
    int depth;

    /// <summary>Whether what comes now stands in an element that is not shown.</summary>
    public bool IsHiding => hidden is not null;

    /// <summary>Takes the tags of a piece of HTML in their order.</summary>
    public void Take(string html)
    {
        foreach (Match tag in Tag().Matches(html))
        {
            var name = tag.Groups["name"].Value;
            var isEnd = tag.Groups["end"].Success;
            if (Void.Contains(name) || tag.Value.EndsWith("/>", StringComparison.Ordinal)) continue;
            if (hidden is null && !isEnd && IsHidden(name, tag)) (hidden, depth) = (name, 1);
            else if (name.Equals(hidden, StringComparison.OrdinalIgnoreCase)) depth += isEnd ? -1 : 1;

            if (depth == 0) hidden = null;
        }
    }

    static bool IsHidden(string name, Match tag)
    {
        if (Dropped.Contains(name)) return true;
        if (!Telling().IsMatch(tag.Groups["attributes"].Value)) return false;

        using var page = new HtmlParser().ParseDocument(tag.Value);
        if (page.Body?.FirstElementChild is not { } element) return false;
        return Appearance.Usual.Inside(element, new StyleRules(page).Of(element)) is not { IsShown: true };
    }

    [GeneratedRegex(@"<(?<end>/)?(?<name>[a-zA-Z][\w-]*)(?<attributes>(?:[^>""']|""[^""]*""|'[^']*')*)>", RegexOptions.NonBacktracking)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\b(?:style|hidden|aria-hidden|color)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Telling();
}
