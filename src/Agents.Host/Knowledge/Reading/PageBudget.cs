using AngleSharp.Html.Parser;
using AngleSharp.Html.Parser.Tokens;

namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// Counts the elements of a page and how deep they are nested while the parser reads it, and stops it at a limit: a parser that goes on until it is
/// done makes millions of elements of a few kilobytes, or takes time that grows with the square of the depth.
/// </summary>
sealed class PageBudget(KnowledgeLimits limits)
{
    /// <summary>Elements that are closed by what follows, so that a page of many is not deep.</summary>
    static readonly HashSet<string> Unnested = new(
        [
            "p", "li", "dd", "dt", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "rt", "rp", "rb", "area", "base",
            "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "html", "head", "body",
        ],
        StringComparer.Ordinal);

    /// <summary>Elements that a parser opens anew in each paragraph until they are closed.</summary>
    static readonly HashSet<string> Formatting = new(
        ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"], StringComparer.Ordinal);

    readonly List<string> open = [];
    int formatting;
    int nodes;

    /// <exception cref="UnreadableDocumentException">The token makes too many elements, or nests them too deep.</exception>
    public void Take(HtmlToken token)
    {
        if (token.Type is HtmlTokenType.StartTag) Open(token.Name, ((HtmlTagToken)token).IsSelfClosing);
        else if (token.Type is HtmlTokenType.EndTag) Close(token.Name);
        else Count(1);
    }

    void Open(string name, bool isSelfClosing)
    {
        var isFormatting = Formatting.Contains(name);
        Count(isFormatting ? 1 : 1 + formatting);
        if (Unnested.Contains(name) || (isSelfClosing && open.Exists(outer => outer is "svg" or "math"))) return;

        // An anchor ends the one before; pages of old seldom close them.
        if (name is "a" or "nobr" && open.Remove(name)) formatting--;
        if (isFormatting) formatting++;
        open.Add(name);
        if (open.Count > limits.Depth) throw new UnreadableDocumentException($"nested deeper than {limits.Depth} levels");
    }

    void Close(string name)
    {
        if (Formatting.Contains(name) && formatting > 0) formatting--;
        var at = open.LastIndexOf(name);
        if (at >= 0) open.RemoveRange(at, open.Count - at);
    }

    void Count(int more)
    {
        nodes += more;
        if (nodes > limits.Nodes) throw new UnreadableDocumentException($"it has more than {limits.Nodes} elements");
    }
}
