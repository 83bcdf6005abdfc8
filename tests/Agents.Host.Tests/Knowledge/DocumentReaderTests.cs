using System.Text;
using Agents.Host.Knowledge;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Fonts.Standard14Fonts;
using UglyToad.PdfPig.Writer;

namespace Agents.Host.Tests.Knowledge;

public sealed class DocumentReaderTests
{
    [Fact]
    public void Markdown_keeps_headings_code_lists_and_tables_and_drops_front_matter_and_targets()
    {
        var read = Read("a.md", """
            ---
            secret: front
            ---
            # Title

            Text with a [link](https://example.org/hidden) and `Code.Name`.
            Second line.

            ## Below
            - one
            - two
              - three

            | a | b |
            |---|---|
            | c | d |

            ```cs
            if (x)
                Run();
            ```
            """);

        Assert.Equal("Title", read.Title);
        Assert.Equal(["Text with a link and Code.Name. Second line."], read.Sections[0].Blocks.Select(block => block.Text));
        Assert.Equal(["Below"], read.Sections[1].Headings);
        Assert.Equal(["- one\n- two\n- three", "a | b\nc | d", "if (x)\n    Run();"], read.Sections[1].Blocks.Select(block => block.Text));
        Assert.DoesNotContain("front", string.Concat(read.Sections.SelectMany(section => section.Blocks)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_paragraph_of_links_alone_is_navigation()
    {
        var read = Read("a.md", "Text.\n\n<sup><a href='x'>source</a> | <a href='y'>anchor</a></sup>\n\n[next](x)");

        Assert.Equal("Text.", Assert.Single(Assert.Single(read.Sections).Blocks).Text);
    }

    [Fact]
    public void Html_keeps_what_a_reader_sees()
    {
        var read = Read("page", """
            <!doctype html><title>Page</title><style>p{}</style><nav>Menu</nav>
            <h1>Pumps</h1><p>Oil &amp; <b>grease</b>.</p><script>alert(1)</script>
            <h2>Parts</h2><ul><li>ring</li><li>rod</li></ul><pre>a
              b</pre><table><tr><td>x</td><td>y</td></tr></table><p hidden>gone</p>
            """);

        Assert.Equal(("text/html", "Pumps"), (read.MediaType, read.Title));
        Assert.Equal("Oil & grease.", Assert.Single(read.Sections[0].Blocks).Text);
        Assert.Equal(["- ring\n- rod", "a\n  b", "x | y"], read.Sections[1].Blocks.Select(block => block.Text));
    }

    [Fact]
    public void Html_nested_deep_is_read_and_deeper_is_refused()
    {
        var read = Read("page.html", string.Concat(Enumerable.Repeat("<div>", 500)) + "deep");
        var refused = Assert.Throws<UnreadableDocumentException>(() => Read("page.html", string.Concat(Enumerable.Repeat("<div>", 4_000)) + "deep"));

        Assert.Equal("deep", Assert.Single(Assert.Single(read.Sections).Blocks).Text);
        Assert.Equal("nested deeper than 512 levels", refused.Message);
    }

    [Fact]
    public void A_page_that_closes_nothing_is_not_deep()
    {
        var read = Read("page.html", "<table>" + string.Concat(Enumerable.Range(0, 2_000).Select(at => $"<tr><td>cell {at}<td><a name=a{at}>x"))
            + "</table><ul>" + string.Concat(Enumerable.Range(0, 2_000).Select(at => $"<li>item {at}")));

        Assert.Contains("item 1999", Assert.Single(read.Sections).Blocks[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Markdown_nested_without_end_is_refused_not_fatal() =>
        Assert.Throws<UnreadableDocumentException>(() => Read("a.md", new string('>', 50_000) + "x"));

    [Fact]
    public void A_pdf_is_read_page_by_page()
    {
        var read = DocumentReader.Read("a.bin", null, Pdf(2), new KnowledgeLimits());

        Assert.Equal("application/pdf", read.MediaType);
        Assert.Equal(["Page 1", "Page 2"], read.Sections.Select(section => Assert.Single(section.Headings)));
        Assert.Contains("Hello from page 2", read.Sections[1].Blocks[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pdf_with_too_many_pages_is_refused()
    {
        var refused = Assert.Throws<UnreadableDocumentException>(
            () => DocumentReader.Read("a.pdf", null, Pdf(3), new KnowledgeLimits { PdfPages = 2 }));

        Assert.Equal("it has more than 2 pages", refused.Message);
    }

    [Fact]
    public void Text_beyond_the_limit_is_refused()
    {
        var limits = new KnowledgeLimits { TextCharacters = 10 };

        Assert.Throws<UnreadableDocumentException>(() => DocumentReader.Read("a.txt", null, "More than ten characters."u8.ToArray(), limits));
    }

    [Fact]
    public void Text_in_other_encodings_is_read()
    {
        byte[] utf16 = [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("Größe")];

        Assert.Equal("Größe", DocumentReader.Read("a.txt", null, utf16, new KnowledgeLimits()).Sections[0].Blocks[0].Text);
    }

    static ReadText Read(string name, string text) => DocumentReader.Read(name, null, Encoding.UTF8.GetBytes(text), new KnowledgeLimits());

    static byte[] Pdf(int pages)
    {
        using var builder = new PdfDocumentBuilder();
        var font = builder.AddStandard14Font(Standard14Font.Helvetica);
        for (var page = 1; page <= pages; page++) builder.AddPage(PageSize.A4).AddText($"Hello from page {page}.", 12, new PdfPoint(50, 700), font);
        return builder.Build();
    }
}
