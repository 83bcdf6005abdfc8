using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;

namespace Agents.Host.Knowledge;

/// <summary>Reads HTML: headings, paragraphs, lists, tables and code. Scripts, styles and navigation are dropped; nothing is loaded or run.</summary>
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
        using var page = new HtmlParser().ParseDocument(text);
        var outline = new Outline(limits.TextCharacters);
        if (page.Body is { } body) new Walk(outline).Through(body);
        var sections = outline.Sections();
        var title = outline.Title ?? (string.IsNullOrWhiteSpace(page.Title) ? null : CleanText.OneLine(page.Title));
        return new ReadText("text/html", title, sections);
    }

    /// <summary>The visible text of a fragment on one line.</summary>
    public static string TextOf(string fragment)
    {
        var read = Read(fragment, new KnowledgeLimits());
        return string.Join(' ', read.Sections.SelectMany(section => section.Headings.TakeLast(1).Concat(section.Blocks.Select(block => block.Text))));
    }

    /// <summary>Goes through the nodes with a stack of its own: a page may be nested deeper than a thread's stack allows.</summary>
    sealed class Walk(Outline outline)
    {
        readonly StringBuilder text = new();
        bool isLines;

        public void Through(INode root)
        {
            var pending = new Stack<(INode Node, bool IsEnd)>();
            pending.Push((root, false));
            while (pending.TryPop(out var next))
            {
                if (next.IsEnd)
                {
                    End((IElement)next.Node);
                    continue;
                }

                if (next.Node is IText words) Append(words.Data, IsInCode(words));
                if (next.Node is not IElement element || Dropped.Contains(element.LocalName) || element.HasAttribute("hidden")) continue;

                Start(element);
                pending.Push((element, true));
                for (var child = element.LastChild; child is not null; child = child.PreviousSibling) pending.Push((child, false));
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
                case ['h', >= '1' and <= '6'] or ['u' or 'o', 'l'] or "table": Flush(); break;
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

        void Append(string words, bool isCode) =>
            text.Append(isLines && !isCode ? string.Join(' ', words.Split((char[]?)null)) : words);

        void NewLine(string mark)
        {
            if (!isLines) Flush();
            isLines = true;
            text.Append('\n').Append(mark);
        }

        void Flush()
        {
            if (isLines) outline.Lines(text.ToString());
            else outline.Paragraph(text.ToString());
            text.Clear();
            isLines = false;
        }

        static bool IsInCode(INode node) => node.ParentElement?.Closest("pre") is not null;

        static bool IsNested(IElement element) => element.ParentElement?.Closest("li, table") is not null;
    }
}
