using System.Text;
using Agents.Host.Knowledge.Reading;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Agents.Host.Knowledge;

/// <summary>
/// Reads HTML: headings, paragraphs, lists, tables and code. Scripts, styles, navigation and what a reader cannot see are dropped; nothing is
/// loaded or run.
/// </summary>
static class HtmlReader
{
    static readonly HashSet<string> Dropped = new(
        [
            "script", "style", "nav", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "head", "footer", "select", "button",
            "dialog"],
        StringComparer.OrdinalIgnoreCase);

    static readonly HashSet<string> Breaks = new(
        [
            "p", "div", "section", "article", "main", "header", "aside", "ul", "ol", "dl", "dt", "dd", "table", "blockquote", "figure", "figcaption",
            "hr", "details", "summary", "body", "address", "fieldset", "form"],
        StringComparer.OrdinalIgnoreCase);

    public static ReadText Read(string text, KnowledgeLimits limits)
    {
        var budget = new PageBudget(limits);
        var parser = new HtmlParser(new HtmlParserOptions { MaximumDepth = limits.Depth, OnToken = (token, _) => budget.Take(token) });
        using var page = parser.ParseDocument(text);
        var outline = new Outline(limits.TextCharacters, text.Contains('\uFFFD'));
        if (page.Body is { } body) new Walk(outline, new StyleRules(page)).Through(body);
        var sections = outline.Sections();
        var title = outline.Title ?? (string.IsNullOrWhiteSpace(page.Title) ? null : Outline.Short(page.Title));
        return new ReadText("text/html", title, sections);
    }

    /// <summary>The visible text of a fragment on one line.</summary>
    public static string TextOf(string fragment, KnowledgeLimits limits)
    {
        var read = Read(fragment, limits);
        return string.Join(' ', read.Sections.SelectMany(section => section.Headings.TakeLast(1).Concat(section.Blocks.Select(block => block.Text))));
    }

    /// <summary>Goes through the nodes with a stack of its own.</summary>
    sealed class Walk(Outline outline, StyleRules styles)
    {
        readonly StringBuilder text = new();
        bool isLines;
        bool hasHeader;

        public void Through(INode root)
        {
            var pending = new Stack<(INode Node, Appearance Appearance, bool IsEnd)>();
            pending.Push((root, Appearance.Usual, false));
            while (pending.TryPop(out var next))
            {
                if (next.IsEnd)
                {
                    End((IElement)next.Node);
                    continue;
                }

                if (next.Node is IText words && next.Appearance.IsShown) text.Append(Shown(words));
                if (next.Node is not IElement element || Dropped.Contains(element.LocalName)) continue;
                if (next.Appearance.Inside(element, styles.Of(element)) is not { } inside) continue;

                Start(element);
                pending.Push((element, inside, true));
                for (var child = element.LastChild; child is not null; child = child.PreviousSibling) pending.Push((child, inside, false));
            }

            Flush();
        }

        void Start(IElement element)
        {
            switch (element.LocalName)
            {
                case "pre": Flush(); isLines = true; break;
                case "li": NewLine("- "); break;
                case "tr": NewLine(""); break;
                case "br": text.Append('\n'); break;
                case ['h', >= '1' and <= '6'] or ['u' or 'o', 'l']: Flush(); break;
                case "table":
                    Flush();
                    hasHeader = !IsNested(element) && element.QuerySelector("tr") is { } first && first.Children.Any(cell => cell.LocalName == "th");
                    break;
                case var name when Breaks.Contains(name) && !isLines: Flush(); break;
                default: break;
            }
        }

        void End(IElement element)
        {
            switch (element.LocalName)
            {
                case "pre" or "ul" or "ol" or "table" when !IsNested(element): Flush(); break;
                case "td" or "th" when element.NextElementSibling is not null: text.Append(" | "); break;
                case ['h', var level and >= '1' and <= '6']:
                    outline.Heading(level - '0', text.ToString());
                    text.Clear();
                    break;
                case var name when Breaks.Contains(name) && !isLines: Flush(); break;
                default: break;
            }
        }

        string Shown(IText words)
        {
            if (IsIn(words, "pre")) return words.Data;

            var data = IsIn(words, "code", "kbd", "samp") ? words.Data : BrokenLines.Whole(words.Data);
            return isLines ? string.Join(' ', data.Split((char[]?)null)) : data;
        }

        void NewLine(string mark)
        {
            if (!isLines) Flush();
            isLines = true;
            text.Append('\n').Append(mark);
        }

        void Flush()
        {
            if (isLines) outline.Lines(text.ToString(), hasHeader);
            else outline.Paragraph(text.ToString());
            // What stands between the beginning of a table and its first row, such as its caption, is no row.
            if (isLines) hasHeader = false;
            text.Clear();
            isLines = false;
        }

        static bool IsIn(IText words, params ReadOnlySpan<string> names)
        {
            for (var element = words.ParentElement; element is not null; element = element.ParentElement)
                if (names.Contains(element.LocalName)) return true;
            return false;
        }

        static bool IsNested(IElement element) => element.ParentElement?.Closest("li, table") is not null;
    }
}
