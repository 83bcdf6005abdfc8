using Agents.Host.Cli.Display;

namespace Agents.Host.Tests.Cli;

/// <summary>What the libraries below print looks like what our verbs print.</summary>
public sealed class PlainLinesTests
{
    const string Said =
        """
        Searching 'JasperFx, Version=2.100.1.0, Culture=neutral,
        PublicKeyToken=null' for commands

         __        __
         \\ \\      / /   ___
        Cannot override services when the IHost is already constructed
        Projections and Subscriptions
        └── marten://main/
            └── ┌───────────────┬─────────┐
                │ Name          │ Version │
                ├───────────────┼─────────┤
                │ budget_ledger │       1 │
                │ timeline      │         │
                └───────────────┴─────────┘

        No differences.
        """;

    [Fact]
    public void Tables_have_no_lines_and_nothing_else_is_said_but_what_was_asked_for()
    {
        var output = new StringWriter();
        using var lines = new PlainLines(Screen.Plain(output, TextWriter.Null));

        lines.Write(Said.Replace("\\\\", "\\", StringComparison.Ordinal));
        lines.Complete();

        Assert.Equal(
            """
            Projections and Subscriptions
            └── marten://main/
            name           version
            budget_ledger  1
            timeline

            No differences.

            """.ReplaceLineEndings("\n"), output.ToString().ReplaceLineEndings("\n"));
    }
}
