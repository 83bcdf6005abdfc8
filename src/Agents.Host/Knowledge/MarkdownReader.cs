using System.Text.RegularExpressions;
using Agents.Host.Knowledge.Reading;
using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using MarkdigTable = Markdig.Extensions.Tables.Table;

namespace Agents.Host.Knowledge;

/// <summary>
/// Reads Markdown: headings, paragraphs, code as it stands, lists and tables line by line. Link targets, front matter and what HTML hides are
/// dropped.
/// </summary>
static partial class MarkdownReader
{
    static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UseYamlFrontMatter().UsePipeTables().UseGridTables().UseCustomContainers().UseAlertBlocks().UseTaskLists().Build();

    public static ReadText Read(string text, KnowledgeLimits limits)
    {
        var outline = new Outline(limits.TextCharacters, text.Contains('\uFFFD'));
        new Walk(outline, new MarkdownText(limits)).Through(Markdown.Parse(TomlFrontMatter().Replace(text, "", 1), Pipeline));
        var sections = outline.Sections();
        return new ReadText("text/markdown", outline.Title, sections);
    }

    sealed class Walk(Outline outline, MarkdownText inner)
    {
        public void Through(ContainerBlock blocks)
        {
            foreach (var block in blocks)
            {
                switch (block)
                {
                    case YamlFrontMatterBlock or LinkReferenceDefinitionGroup:
                        break;
                    case HeadingBlock heading:
                        outline.Heading(heading.Level, inner.Text(heading.Inline));
                        break;
                    case CodeBlock code:
                        outline.Lines(inner.Code(code));
                        break;
                    case HtmlBlock html:
                        outline.Paragraph(inner.Html(html.Lines.ToString()));
                        break;
                    case ListBlock or MarkdigTable:
                        outline.Lines(inner.Lines(block), hasHeader: block is MarkdigTable);
                        break;
                    case ContainerBlock container:
                        Through(container);
                        break;
                    case LeafBlock { Inline: not null } leaf when !IsNavigation(leaf.Inline):
                        outline.Paragraph(inner.Text(leaf.Inline));
                        break;
                    default:
                        break;
                }
            }
        }
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

    // As Hugo writes it; YAML's is known to the parser.
    [GeneratedRegex(@"\A\+\+\+[ \t]*\n(?:.*\n)*?\+\+\+[ \t]*(?:\n|\z)")]
    private static partial Regex TomlFrontMatter();
}
