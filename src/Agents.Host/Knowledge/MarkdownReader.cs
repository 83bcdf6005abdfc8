using System.Text;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using MarkdigBlock = Markdig.Syntax.Block;

namespace Agents.Host.Knowledge;

/// <summary>
/// Reads Markdown: headings, paragraphs, code as it stands, lists and tables line by line. Link targets and front matter are dropped.
/// </summary>
static class MarkdownReader
{
    static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UseYamlFrontMatter().UsePipeTables().UseGridTables().UseCustomContainers().UseAlertBlocks().UseTaskLists().Build();

    public static ReadText Read(string text, KnowledgeLimits limits)
    {
        var outline = new Outline(limits.TextCharacters);
        ReadBlocks(Markdown.Parse(text, Pipeline), outline);
        var sections = outline.Sections();
        return new ReadText("text/markdown", outline.Title, sections);
    }

    static void ReadBlocks(ContainerBlock blocks, Outline outline)
    {
        foreach (var block in blocks)
        {
            switch (block)
            {
                case YamlFrontMatterBlock or LinkReferenceDefinitionGroup:
                    break;
                case HeadingBlock heading:
                    outline.Heading(heading.Level, Text(heading.Inline));
                    break;
                case CodeBlock code:
                    outline.Lines(code.Lines.ToString());
                    break;
                case HtmlBlock html:
                    outline.Paragraph(HtmlReader.TextOf(html.Lines.ToString()));
                    break;
                case ListBlock or Table:
                    outline.Lines(Lines(block));
                    break;
                case ContainerBlock container:
                    ReadBlocks(container, outline);
                    break;
                case LeafBlock { Inline: not null } leaf when !IsNavigation(leaf.Inline):
                    outline.Paragraph(Text(leaf.Inline));
                    break;
                default:
                    break;
            }
        }
    }

    static string Lines(MarkdigBlock block)
    {
        var lines = new StringBuilder();
        AppendLines(block, "", lines);
        return lines.ToString();
    }

    static void AppendLines(MarkdigBlock block, string mark, StringBuilder lines)
    {
        switch (block)
        {
            case ListBlock list:
                var number = 0;
                foreach (var item in list.OfType<ListItemBlock>())
                    AppendItem(item, list.IsOrdered ? $"{++number}. " : "- ", lines);
                break;
            case Table table:
                foreach (var row in table.OfType<TableRow>())
                    lines.Append(string.Join(" | ", row.OfType<TableCell>().Select(cell => Lines(cell).Replace('\n', ' ').Trim()))).Append('\n');
                break;
            case ContainerBlock container:
                foreach (var inner in container) AppendLines(inner, mark, lines);
                break;
            case CodeBlock code:
                lines.Append(code.Lines.ToString()).Append('\n');
                break;
            case HtmlBlock html:
                lines.Append(HtmlReader.TextOf(html.Lines.ToString())).Append('\n');
                break;
            case LeafBlock { Inline: not null } leaf:
                lines.Append(mark).Append(CleanText.OneLine(Text(leaf.Inline))).Append('\n');
                break;
            default:
                break;
        }
    }

    static void AppendItem(ListItemBlock item, string mark, StringBuilder lines)
    {
        foreach (var inner in item)
        {
            AppendLines(inner, mark, lines);
            mark = "";
        }
    }

    static string Text(ContainerInline? inlines)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines?.Descendants() ?? [])
        {
            switch (inline)
            {
                case LiteralInline literal: text.Append(literal.Content.AsSpan()); break;
                case CodeInline code: text.Append(code.Content); break;
                case HtmlEntityInline entity: text.Append(entity.Transcoded.AsSpan()); break;
                case AutolinkInline link: text.Append(link.Url); break;
                case LineBreakInline: text.Append(' '); break;
                default: break;
            }
        }

        return text.ToString();
    }

    /// <summary>Whether everything that reads as a word is the text of a link.</summary>
    static bool IsNavigation(ContainerInline inlines)
    {
        var hasLink = false;
        var insideHtmlLink = false;
        foreach (var inline in inlines.Descendants())
        {
            if (inline is HtmlInline html)
            {
                if (html.Tag.StartsWith("<a ", StringComparison.OrdinalIgnoreCase)) hasLink = insideHtmlLink = true;
                if (html.Tag.StartsWith("</a", StringComparison.OrdinalIgnoreCase)) insideHtmlLink = false;
            }

            if (inline is LinkInline) hasLink = true;
            var isWord = inline is CodeInline || (inline is LiteralInline literal && literal.Content.AsSpan().ContainsAnyLetter());
            if (isWord && !insideHtmlLink && !IsInLink(inline)) return false;
        }

        return hasLink;
    }

    static bool IsInLink(MarkdownObject inline)
    {
        for (var parent = (inline as Inline)?.Parent; parent is not null; parent = parent.Parent)
        {
            if (parent is LinkInline) return true;
        }

        return false;
    }

    static bool ContainsAnyLetter(this ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (char.IsLetterOrDigit(character)) return true;
        }

        return false;
    }
}
