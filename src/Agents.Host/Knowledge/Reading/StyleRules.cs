using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;

namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// What the style sheets and style attributes of a page say of each element, as far as it can hide text. The later rule wins, whatever its selector;
/// what only holds on paper or on small screens is left out.
/// </summary>
sealed partial class StyleRules
{
    /// <summary>Most rules that are matched with the elements of a page.</summary>
    const int MostRules = 1_000;

    const int DeepestGroup = 4;

    static readonly HashSet<string> Telling = new(
        [
            "display", "visibility", "opacity", "font-size", "color", "background", "background-color", "position", "left", "right", "top", "bottom",
            "text-indent", "margin-left", "margin-top", "transform", "clip", "clip-path", "width", "height", "max-height", "overflow",
            "content-visibility", "font", "flex", "flex-grow",
        ],
        StringComparer.Ordinal);

    readonly Dictionary<IElement, Dictionary<string, string>> matched = [];

    public StyleRules(IDocument page)
    {
        var rules = page.QuerySelectorAll("style").SelectMany(sheet => Rules(Comment().Replace(sheet.TextContent, " "), depth: 0)).Take(MostRules);
        foreach (var (selector, declarations) in rules)
        {
            foreach (var element in Matches(page, selector))
            {
                if (!matched.TryGetValue(element, out var all)) matched[element] = all = new(StringComparer.Ordinal);
                foreach (var (property, value) in declarations) all[property] = value;
            }
        }
    }

    /// <summary>Values in lower case by property; null when nothing is said that could hide text.</summary>
    public IReadOnlyDictionary<string, string>? Of(IElement element)
    {
        matched.TryGetValue(element, out var rules);
        var own = element.GetAttribute("style") is { Length: > 0 } style ? Declarations(style) : [];
        if (element.GetAttribute("color") is { Length: > 0 } color) own.TryAdd("color", color.ToLowerInvariant());
        if (element.GetAttribute("bgcolor") is { Length: > 0 } background) own.TryAdd("background-color", background.ToLowerInvariant());
        if (own.Count == 0) return rules;
        foreach (var (property, value) in rules ?? []) own.TryAdd(property, value);
        return own;
    }

    static IEnumerable<IElement> Matches(IDocument page, string selector)
    {
        try
        {
            return page.QuerySelectorAll(selector);
        }
        catch (DomException)
        {
            return []; // a selector that the library does not know
        }
    }

    static IEnumerable<(string Selector, Dictionary<string, string> Declarations)> Rules(string sheet, int depth)
    {
        for (var at = 0; at < sheet.Length;)
        {
            var open = sheet.IndexOfAny(['{', ';'], at);
            if (open < 0) yield break;

            var head = sheet[at..open].Trim();
            at = open + 1;
            if (sheet[open] == ';') continue; // @import and the like; nothing is loaded

            var end = End(sheet, at);
            var body = sheet[at..end];
            at = end + 1;
            if (!head.StartsWith('@'))
            {
                if (Declarations(body) is { Count: > 0 } declarations) yield return (head, declarations);
            }
            else if (depth < DeepestGroup && AlwaysHolds().IsMatch(head))
            {
                foreach (var rule in Rules(body, depth + 1)) yield return rule;
            }
        }
    }

    /// <summary>Where the block that began before ends.</summary>
    static int End(string sheet, int at)
    {
        for (var depth = 1; at < sheet.Length; at++)
        {
            depth += sheet[at] is '{' ? 1 : sheet[at] is '}' ? -1 : 0;
            if (depth == 0) return at;
        }

        return sheet.Length;
    }

    static Dictionary<string, string> Declarations(string body)
    {
        var declarations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var declaration in Split(body))
        {
            if (declaration.IndexOf(':') is not (> 0 and var colon)) continue;

            var property = declaration[..colon].Trim().ToLowerInvariant();
            if (Telling.Contains(property)) declarations[property] = Important().Replace(declaration[(colon + 1)..].ToLowerInvariant(), "").Trim();
        }

        return declarations;
    }

    /// <summary>At semicolons that stand in no parentheses: <c>url(data:image/png;base64,…)</c> is one value.</summary>
    static IEnumerable<string> Split(string body)
    {
        var declaration = new StringBuilder();
        var depth = 0;
        foreach (var character in body)
        {
            depth += character is '(' ? 1 : character is ')' ? -1 : 0;
            if (character == ';' && depth <= 0)
            {
                yield return declaration.ToString();
                declaration.Clear();
            }
            else
            {
                declaration.Append(character);
            }
        }

        yield return declaration.ToString();
    }

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s*!\s*important")]
    private static partial Regex Important();

    [GeneratedRegex(@"^@(?:media\s+(?:all|screen|only\s+screen)\s*$|supports\b|layer\b)", RegexOptions.IgnoreCase)]
    private static partial Regex AlwaysHolds();
}
