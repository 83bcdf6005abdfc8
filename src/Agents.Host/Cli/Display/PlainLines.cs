using System.Text;
using System.Text.RegularExpressions;

namespace Agents.Host.Cli.Display;

/// <summary>
/// Takes what the libraries below print and prints it as our verbs do: tables without lines around them, no banners, nothing about what was searched
/// for commands. Line by line, as it comes; a table when it is whole.
/// </summary>
public sealed partial class PlainLines(Screen screen) : TextWriter
{
    const char Wall = '│';

    readonly StringBuilder line = new();
    readonly List<string[]> table = [];
    bool isSearching;
    bool wasEmpty = true;

    /// <summary>A place for the libraries to write that has room for every column.</summary>
    public const int Width = 400;

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        if (value == '\n') End();
        else if (value != '\r') line.Append(value);
    }

    public override void Flush()
    {
    }

    /// <summary>Prints what is left.</summary>
    public void Complete()
    {
        if (line.Length > 0) End();
        EndTable();
    }

    void End()
    {
        var text = line.ToString().TrimEnd();
        line.Clear();
        if (text.Contains(Wall))
        {
            table.Add([.. Cells(text)]);
            return;
        }

        if (Border().IsMatch(text)) return;
        EndTable();
        if (IsNoise(text)) return;
        if (text.Length == 0 && wasEmpty) return;
        wasEmpty = text.Length == 0;
        screen.Line(Screen.Safe(text));
    }

    /// <summary>Without what stands before the first wall: the branches of a tree.</summary>
    static IEnumerable<string> Cells(string text) => text[(text.IndexOf(Wall) + 1)..].TrimEnd(Wall, ' ').Split(Wall).Select(cell => cell.Trim());

    bool IsNoise(string text)
    {
        if (text.StartsWith("Searching '", StringComparison.Ordinal) || isSearching)
        {
            isSearching = !text.EndsWith("for commands", StringComparison.Ordinal);
            return true;
        }

        return text.Length > 0 && Banner().IsMatch(text) || text.StartsWith("Cannot override services when", StringComparison.Ordinal);
    }

    void EndTable()
    {
        if (table is [var headings, .. var rows] && headings.Length > 0)
        {
            wasEmpty = false;
            Table.Print(
                screen, [.. headings.Select(heading => heading.ToLowerInvariant())],
                [.. rows.Select(row => row.Concat(Enumerable.Repeat("", headings.Length)).Take(headings.Length).ToArray())]);
        }

        table.Clear();
    }

    /// <summary>The edge of a table, with the branches of a tree before it.</summary>
    [GeneratedRegex("^[ └├─│┌┬┐┼┤┴┘]*[┌├└][─┬┼┴]+[┐┤┘ ]*$")]
    private static partial Regex Border();

    /// <summary>Letters drawn with signs.</summary>
    [GeneratedRegex(@"^[ _|/\\'`()<>.,\-]+$")]
    private static partial Regex Banner();
}
