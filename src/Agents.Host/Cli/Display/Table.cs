using Spectre.Console;

namespace Agents.Host.Cli.Display;

/// <summary>Rows under headings, without lines around them, so that a pipe can use them too.</summary>
public static class Table
{
    const int Gap = 2;

    /// <summary>Least that is left of the column that gives way first.</summary>
    const int LeastFlexible = 20;

    /// <summary>Least that is left of another column of text.</summary>
    const int LeastText = 8;

    /// <param name="headings">
    /// Marks may stand before a name: <c>&gt;</c> numbers, to the right; <c>$</c> money, aligned by its point; <c>*</c> the column that gives way
    /// first when the screen is narrow, the last one when none is marked; <c>-</c> a column that carries least: on a terminal too narrow for all, it
    /// is left out, the last of them first.
    /// </param>
    public static void Print(Screen screen, IReadOnlyList<string> headings, IReadOnlyList<string[]> rows)
    {
        var columns = headings.Select((heading, at) => Column.Of(heading, [.. rows.Select(row => row[at])])).ToList();
        var flexible = columns.Find(column => column.IsFlexible) ?? columns[^1];
        Narrow(columns, flexible, screen);

        screen.Line($"[grey]{Line(column => column.Head())}[/]");
        for (var row = 0; row < rows.Count; row++)
        {
            var at = row;
            screen.Line(Line(column => column.Cell(at)));
        }

        string Line(Func<Column, string> cell) => Markup.Escape(string.Join(new string(' ', Gap), columns.Select(cell)).TrimEnd());
    }

    static void Narrow(List<Column> columns, Column flexible, Screen screen)
    {
        Give(flexible, LeastFlexible);
        if (!screen.IsTerminal) return; // a program reads all columns, however wide

        while (Excess() > 0 && columns.FindLast(column => column.CarriesLeast) is { } least) columns.Remove(least);
        if (columns.Contains(flexible)) flexible.Widen(-Excess());
        foreach (var text in columns.Skip(1).Where(column => column.IsText).OrderByDescending(column => column.Width).ToList()) Give(text, LeastText);

        int Excess() => columns.Sum(column => column.Width) + (Gap * (columns.Count - 1)) - (screen.Width - 1);

        void Give(Column column, int least) => column.Width = Math.Min(column.Width, Math.Max(least, column.Width - Math.Max(0, Excess())));
    }

    sealed class Column
    {
        readonly string name;
        readonly string[] cells;
        readonly int widest;

        Column(string name, string marks, string[] cells)
        {
            (this.name, IsFlexible, CarriesLeast) = (name, marks.Contains('*'), marks.Contains('-'));
            IsText = !marks.Contains('>') && !marks.Contains('$');
            this.cells = marks.Contains('$') ? ByPoint(cells) : cells;
            Width = widest = this.cells.Append(name).Max(Screen.ColumnsOf);
        }

        public int Width { get; set; }

        public bool IsFlexible { get; }

        public bool CarriesLeast { get; }

        public bool IsText { get; }

        public static Column Of(string heading, string[] cells)
        {
            var name = heading.TrimStart('>', '$', '*', '-');
            return new(name, heading[..^name.Length], cells);
        }

        public void Widen(int by) => Width = Math.Min(widest, Width + Math.Max(0, by));

        public string Head() => Fit(name);

        public string Cell(int row) => Fit(cells[row]);

        string Fit(string text) => IsText
            ? Screen.Fit(text, Width)
            : new string(' ', Math.Max(0, Width - Screen.ColumnsOf(text))) + Screen.Clip(text, Width, keepsEnd: true);

        /// <summary>From the point on. 0 when there is none.</summary>
        static int FractionOf(string cell) => cell.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point ? cell.Length - point : 0;

        /// <summary>Filled so that the points stand below each other when the texts are written to the right.</summary>
        static string[] ByPoint(string[] cells)
        {
            var longest = cells.Select(FractionOf).DefaultIfEmpty(0).Max();
            return [.. cells.Select(cell => FractionOf(cell) is > 0 and var fraction ? cell + new string(' ', longest - fraction) : cell)];
        }
    }
}
