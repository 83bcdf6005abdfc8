using System.Globalization;
using System.Text;
using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

/// <summary>Lines, columns and tables as a reader sees them.</summary>
public sealed class LayoutTests
{
    static readonly string[] LeftColumn =
    [
        "The pump in the hall needs oil once", "a week; the engineer looks after it", "on Monday. When it is warm the oil",
        "is thin, and more is needed then.", "Ask the engineer in summer.",
    ];

    static readonly string[] RightColumn =
    [
        "Valves are closed at night and opened", "in the morning by whoever comes first", "to the hall. A valve that drips has",
        "a worn seat; it is ground in again", "with paste, never with sand.",
    ];

    [Fact]
    public void Two_columns_that_are_written_line_by_line_are_read_one_after_the_other()
    {
        var content = new StringBuilder("BT /F1 10 Tf ");
        content.Append("1 0 0 1 50 720 Tm (A heading that stands above both of the columns of this page) Tj ");
        for (var line = 0; line < LeftColumn.Length; line++)
        {
            content.Append(CultureInfo.InvariantCulture, $"1 0 0 1 50 {700 - (line * 14)} Tm ({LeftColumn[line]}) Tj ");
            content.Append(CultureInfo.InvariantCulture, $"1 0 0 1 310 {700 - (line * 14)} Tm ({RightColumn[line]}) Tj ");
        }

        var text = TextOf(Read("a.pdf", HostileDocuments.Pdf(content.Append("ET").ToString())));

        Assert.Contains("the engineer looks after it on Monday. When it is warm the oil is thin", text, StringComparison.Ordinal);
        Assert.Contains("whoever comes first to the hall. A valve that drips", text, StringComparison.Ordinal);
        Assert.True(text.IndexOf("heading", StringComparison.Ordinal) < text.IndexOf("pump", StringComparison.Ordinal));
        Assert.True(text.IndexOf("summer", StringComparison.Ordinal) < text.IndexOf("Valves", StringComparison.Ordinal));
    }

    [Fact]
    public void The_cells_of_a_table_stay_in_their_rows()
    {
        var content = new StringBuilder("BT /F1 10 Tf ");
        for (var row = 0; row < 8; row++)
        {
            content.Append(CultureInfo.InvariantCulture, $"1 0 0 1 50 {700 - (row * 14)} Tm (part {row}) Tj ");
            content.Append(CultureInfo.InvariantCulture, $"1 0 0 1 310 {700 - (row * 14)} Tm ({row} euros) Tj ");
        }

        var text = TextOf(Read("a.pdf", HostileDocuments.Pdf(content.Append("ET").ToString())));

        Assert.Contains("part 0 0 euros part 1 1 euros", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("The pump that stands in the hall needs main-\ntenance.", "The pump that stands in the hall needs maintenance.")]
    [InlineData("Die Fahrt, die alle lieben, ist die Donau\u00AD\ndampfschifffahrt.", "Die Fahrt, die alle lieben, ist die Donaudampfschifffahrt.")]
    [InlineData("The years that are told of in this text are 1990-\n2000.", "The years that are told of in this text are 1990- 2000.")]
    [InlineData("市立图书馆位于河边，开放时间是周一至周五上午九点到下午六\n点。借书需要读者证，请在入口处办理。", "市立图书馆位于河边，开放时间是周一至周五上午九点到下午六点。借书需要读者证，请在入口处办理。")]
    public void A_word_that_is_broken_at_a_lines_end_is_whole(string lines, string text) =>
        Assert.Equal(text, TextOf(Read("a.txt", Encoding.UTF8.GetBytes(lines))));

    [Fact]
    public void A_word_that_is_broken_at_a_lines_end_of_a_pdf_is_whole() => Assert.Equal(
        "The maintenance takes an hour.",
        TextOf(Read("a.pdf", HostileDocuments.Pdf("BT /F1 12 Tf 50 700 Td (The main-) Tj 0 -14 Td (tenance takes an hour.) Tj ET"))));

    [Theory]
    [InlineData("a.md", "| name | price |\n|---|---|\n| pump | 5 |\n| valve | 7 |\n")]
    [InlineData(
        "a.html",
        "<!doctype html><table><caption>Prices</caption><tr><th>name</th><th>price</th></tr>"
        + "<tr><td>pump</td><td>5</td></tr><tr><td>valve</td><td>7</td></tr></table>")]
    public void A_table_knows_its_header(string name, string text)
    {
        var table = Read(name, Encoding.UTF8.GetBytes(text)).Sections.SelectMany(section => section.Blocks).Last();

        Assert.Equal(("name | price", "name | price\npump | 5\nvalve | 7"), (table.Header, table.Text));
    }

    [Fact]
    public void A_table_without_a_header_has_none()
    {
        var read = Read("a.html", "<!doctype html><table><tr><td>pump</td></tr><tr><td>valve</td></tr></table>"u8.ToArray());

        Assert.Null(Assert.Single(Assert.Single(read.Sections).Blocks).Header);
    }

    [Theory]
    [InlineData("+++\ntitle = \"secret\"\n[params]\nx = 1\n+++\n# Title\n\nText.")]
    [InlineData("+++\n+++\n# Title\n\nText.")]
    public void Toml_front_matter_is_dropped(string text)
    {
        var read = Read("a.md", Encoding.UTF8.GetBytes(text));

        Assert.Equal(("Title", "Text."), (read.Title, TextOf(read)));
    }

    [Fact]
    public void A_line_of_plus_signs_that_begins_nothing_stays() =>
        Assert.Contains("Text", TextOf(Read("a.md", "+++\nText goes on."u8.ToArray())), StringComparison.Ordinal);

    static ReadText Read(string name, byte[] content) => DocumentReader.Read(name, null, content, new KnowledgeLimits());

    static string TextOf(ReadText read) => string.Join(' ', read.Sections.SelectMany(section => section.Blocks).Select(block => block.Text));
}
