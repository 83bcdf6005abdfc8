using Agents.Host.Cli.Display;

namespace Agents.Host.Tests.Cli;

public sealed class ScreenTests
{
    [Fact]
    public void A_document_cannot_send_commands_to_the_terminal() =>
        Assert.Equal("[31mred]0;title[0m", Screen.Clean("\u001b[31mred\u001b]0;title\u0007\u001b[0m"));

    [Fact]
    public void A_document_cannot_turn_the_direction_of_what_follows() => Assert.Equal("abc", Screen.Clean("a\u202eb\u2066c"));

    [Fact]
    public void A_pipe_gets_the_text_without_markup_and_without_escape_codes()
    {
        var output = new StringWriter();

        Screen.Plain(output, TextWriter.Null).Line("[red]Failed:[/] [[1]] " + Screen.Safe("[bold]\u001b[1m"));

        Assert.Equal("Failed: [1] [bold][1m" + Environment.NewLine, output.ToString());
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("two\n lines", 10, "two lines")]
    [InlineData("exactly ten", 10, "exactly t…")]
    [InlineData("日本語の文章", 7, "日本語…")]
    public void A_text_is_cut_to_the_columns_there_are(string text, int columns, string shown) => Assert.Equal(shown, Screen.Clip(text, columns));

    [Fact]
    public void A_cell_is_filled_by_columns_and_not_by_characters() => Assert.Equal("日本  ", Screen.Fit("日本", 6));
}
