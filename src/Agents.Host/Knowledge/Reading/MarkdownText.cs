using System.Text;
using Markdig.Extensions.Tables;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using MarkdigBlock = Markdig.Syntax.Block;

namespace Agents.Host.Knowledge.Reading;

/// <summary>The text of Markdown's blocks and inlines in reading order, without what HTML hides.</summary>
sealed class MarkdownText(KnowledgeLimits limits)
{
    readonly HiddenMarkup markup = new();
    int nodes;

    /// <summary>Code as it stands.</summary>
    public string Code(CodeBlock code) => markup.IsHiding ? "" : code.Lines.ToString();

    /// <summary>What a reader sees of a piece of HTML, on one line.</summary>
    public string Html(string html)
    {
        var wasHiding = markup.IsHiding;
        markup.Take(html);
        return wasHiding ? "" : HtmlReader.TextOf(html, limits);
    }

    /// <summary>The text of a paragraph or heading; words and scripts without spaces go on over the ends of lines.</summary>
    public string Text(ContainerInline? inlines)
    {
        var (text, wasText, isBroken) = (new StringBuilder(), false, false);
        foreach (var inline in inlines?.Descendants() ?? [])
        {
            Count();
            if (inline is HtmlInline html) markup.Take(html.Tag);
            if (markup.IsHiding) continue;

            switch (inline)
            {
                case LiteralInline literal: Append(literal.Content.AsSpan(), isText: true); break;
                case CodeInline code: Append(code.Content, isText: false); break;
                case HtmlEntityInline entity: Append(entity.Transcoded.AsSpan(), isText: false); break;
                case AutolinkInline link: Append(link.Url, isText: false); break;
                case LineBreakInline { IsHard: false } when wasText: isBroken = true; break;
                case LineBreakInline: text.Append(' '); break;
                default: break;
            }
        }

        return BrokenLines.Whole(text.ToString());

        // Only between two pieces of text is it sure that a line was broken to fit.
        void Append(ReadOnlySpan<char> piece, bool isText)
        {
            if (isBroken) text.Append(isText ? '\n' : ' ');
            text.Append(piece);
            (wasText, isBroken) = (isText, false);
        }
    }

    /// <summary>A list or table line by line.</summary>
    public string Lines(MarkdigBlock block)
    {
        var lines = new StringBuilder();
        Append(block, "", lines);
        return lines.ToString();
    }

    void Append(MarkdigBlock block, string mark, StringBuilder lines)
    {
        Count();
        switch (block)
        {
            case ListBlock list:
                var number = 0;
                foreach (var item in list.OfType<ListItemBlock>()) AppendItem(item, list.IsOrdered ? $"{++number}. " : "- ", lines);
                break;
            case Table table:
                foreach (var row in table.OfType<TableRow>())
                    lines.Append(string.Join(" | ", row.OfType<TableCell>().Select(cell => Lines(cell).Replace('\n', ' ').Trim()))).Append('\n');
                break;
            case ContainerBlock container:
                foreach (var inner in container) Append(inner, mark, lines);
                break;
            case CodeBlock code:
                lines.Append(Code(code)).Append('\n');
                break;
            case HtmlBlock html:
                lines.Append(Html(html.Lines.ToString())).Append('\n');
                break;
            case LeafBlock { Inline: not null } leaf when CleanText.OneLine(Text(leaf.Inline)) is { Length: > 0 } text:
                lines.Append(mark).Append(text).Append('\n');
                break;
            default:
                break;
        }
    }

    void AppendItem(ListItemBlock item, string mark, StringBuilder lines)
    {
        foreach (var inner in item)
        {
            Append(inner, mark, lines);
            mark = "";
        }
    }

    void Count()
    {
        if (++nodes > limits.Nodes) throw new UnreadableDocumentException($"it has more than {limits.Nodes} elements");
    }
}
