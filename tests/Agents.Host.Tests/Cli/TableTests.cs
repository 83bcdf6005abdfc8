using Agents.Host.Cli.Display;

namespace Agents.Host.Tests.Cli;

public sealed class TableTests
{
    static readonly string[] Headings = ["run", "-agent", "->took", "$cost", "*question"];

    static readonly string[][] Rows =
    [
        ["dd18668a", "research", "1.2 s", "$0.0012", "What does a parking permit cost in the second year of employment?"],
        ["6dbc85a0", "assistant", "804 ms", "$12.50", "Who?"],
        ["00000000", "x", "", "unknown", "日本語の文章は二つの列を取ります、そして長いです、とても長い文章です"],
    ];

    [Theory, InlineData(60), InlineData(100), InlineData(160), InlineData(200)]
    public void No_line_is_wider_than_the_terminal_and_ids_and_money_are_whole(int width)
    {
        var lines = LinesOf(Headings, Rows, width);

        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => Assert.InRange(new Spectre.Console.Rendering.Segment(line).CellCount(), 1, width));
        foreach (var (line, row) in lines.Skip(1).Zip(Rows))
        {
            Assert.StartsWith(row[0], line, StringComparison.Ordinal);
            Assert.Contains(row[3], line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_carries_least_is_left_out_first_and_the_text_then_has_its_room()
    {
        Assert.Equal("run", string.Join(' ', LinesOf(Headings, Rows, 40)[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..1]));
        Assert.DoesNotContain("agent", LinesOf(Headings, Rows, 45)[0], StringComparison.Ordinal);
        Assert.Contains("question", LinesOf(Headings, Rows, 45)[0], StringComparison.Ordinal);
        Assert.Contains("second year of employment?", LinesOf(Headings, Rows, 160)[1], StringComparison.Ordinal);
        Assert.Contains("took", LinesOf(Headings, Rows, 100)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Money_is_aligned_by_its_point()
    {
        var lines = LinesOf(Headings, Rows, 160);
        Assert.Equal(lines[1].IndexOf('.', lines[1].IndexOf('$', StringComparison.Ordinal)), lines[2].IndexOf('.', lines[2].IndexOf('$', StringComparison.Ordinal)));
    }

    [Fact]
    public void A_pipe_gets_every_column()
    {
        var output = new StringWriter();
        Table.Print(Screen.Plain(output, TextWriter.Null), Headings, Rows);
        Assert.Equal(["run", "agent", "took", "cost", "question"], output.ToString().Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim()));
    }

    static string[] LinesOf(string[] headings, string[][] rows, int width)
    {
        var output = new StringWriter();
        Table.Print(Screen.OfWidth(output, TextWriter.Null, width), headings, rows);
        return output.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }
}
