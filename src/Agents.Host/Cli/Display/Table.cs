using Spectre.Console;

namespace Agents.Host.Cli.Display;

/// <summary>Rows under headings, without lines around them, so that a pipe can use them too.</summary>
static class Table
{
    const int Gap = 2;

    /// <summary>Least that is left of the column that gives way.</summary>
    const int LeastFlexible = 20;

    /// <param name="headings">Written right-aligned where they begin with <c>&gt;</c>. The last column gives way when the screen is narrow.</param>
    public static void Print(Screen screen, IReadOnlyList<string> headings, IReadOnlyList<string[]> rows)
    {
        var names = headings.Select(heading => heading.TrimStart('>')).ToArray();
        var widths = names.Select((name, column) => rows.Select(row => row[column].Length).Append(name.Length).Max()).ToArray();
        var rest = screen.Width - 1 - widths[..^1].Sum() - (Gap * (widths.Length - 1));
        widths[^1] = Math.Min(widths[^1], Math.Max(LeastFlexible, rest));

        screen.Line($"[grey]{Line(names)}[/]");
        foreach (var row in rows) screen.Line(Line(row));

        string Line(IReadOnlyList<string> cells) =>
            Markup.Escape(string.Join(new string(' ', Gap), cells.Select(Cell)).TrimEnd());

        string Cell(string text, int column) => headings[column].StartsWith('>')
            ? Screen.Clip(text, widths[column]).PadLeft(widths[column])
            : Screen.Fit(text, widths[column]);
    }
}
