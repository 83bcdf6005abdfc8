using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Agents.Host.Cli.Display;

/// <summary>Where a verb writes. A terminal gets colours, wrapping and live lines; a pipe or a file plain lines without an escape code.</summary>
public sealed class Screen
{
    /// <summary>The width for which lines are laid out where there is no terminal.</summary>
    const int PlainWidth = 110;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly TextWriter output;
    readonly TextWriter errors;
    readonly Lazy<IAnsiConsole> console;

    Screen(TextWriter output, TextWriter errors, bool isTerminal, bool hasColour)
    {
        (this.output, this.errors, IsTerminal) = (output, errors, isTerminal);
        console = new(() => AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.Yes,
            ColorSystem = hasColour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        }));
    }

    /// <summary>The one the process was started with.</summary>
    public static Screen OfProcess(bool hasColour)
    {
        if (OperatingSystem.IsWindows()) Console.OutputEncoding = Encoding.UTF8;
        var isDumb = Environment.GetEnvironmentVariable("TERM") is "dumb";
        var wantsNone = Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        return new(Console.Out, Console.Error, isTerminal: !Console.IsOutputRedirected && !isDumb, hasColour && !wantsNone);
    }

    /// <summary>One that no person looks at.</summary>
    public static Screen Plain(TextWriter output, TextWriter errors) => new(output, errors, isTerminal: false, hasColour: false);

    /// <summary>A terminal without colours and of a fixed width.</summary>
    public static Screen OfWidth(TextWriter output, TextWriter errors, int width)
    {
        var screen = new Screen(output, errors, isTerminal: true, hasColour: false);
        screen.Terminal.Profile.Width = width;
        return screen;
    }

    public bool IsTerminal { get; }

    public int Width => IsTerminal ? Math.Max(40, console.Value.Profile.Width) : PlainWidth;

    /// <summary>For what only a terminal can show.</summary>
    public IAnsiConsole Terminal => console.Value;

    /// <summary>Where System.CommandLine writes its help.</summary>
    public TextWriter Output => output;

    /// <summary>One line of Spectre's markup; wrapped at words on a terminal.</summary>
    public void Line(string markup = "")
    {
        if (IsTerminal) console.Value.MarkupLine(markup);
        else output.WriteLine(Markup.Remove(markup));
    }

    /// <summary>One line for people that is not part of the result; wrapped at words on a terminal.</summary>
    public void Inform(string text)
    {
        if (!IsTerminal || Console.IsErrorRedirected) errors.WriteLine(Clean(text));
        else foreach (var line in Wrap(text, Width - 1)) errors.WriteLine(line);
    }

    /// <summary>Why there is no result.</summary>
    public void Error(string message) => errors.WriteLine("agents: " + Clean(message));

    /// <summary>The result for programs, indented.</summary>
    public void Json(JsonElement document) => output.WriteLine(JsonSerializer.Serialize(document, Indented));

    /// <summary>One of many results for programs, each on a line of its own.</summary>
    public void JsonLine(JsonElement document) => output.WriteLine(JsonSerializer.Serialize(document, OneLine));

    /// <summary>Text of others as markup that shows it and does nothing: no control character reaches the terminal.</summary>
    public static string Safe(string? text) => Markup.Escape(Clean(text));

    /// <summary>The text without control characters but line breaks and tabs, bidirectional overrides included.</summary>
    public static string Clean(string? text) => string.Concat((text ?? "").Replace("\r\n", "\n").Where(c =>
        c is '\n' or '\t' || (!char.IsControl(c) && c is not (>= '\u202a' and <= '\u202e') and not (>= '\u2066' and <= '\u2069'))));

    /// <summary>The text on one line, cut to so many columns with an ellipsis.</summary>
    /// <param name="keepsEnd">Spaces at its end count as text.</param>
    public static string Clip(string? text, int columns, bool keepsEnd = false)
    {
        var line = string.Join(' ', Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (keepsEnd && text is not null) line += text[text.TrimEnd().Length..];
        if (ColumnsOf(line) <= columns) return line;

        var cut = new StringBuilder();
        var taken = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            var width = ColumnsOf(rune.ToString());
            if (taken + width > columns - 1) break;
            cut.Append(rune);
            taken += width;
        }

        return cut.ToString().TrimEnd() + "…";
    }

    /// <summary>The text in lines of at most so many columns, broken at words where there are any.</summary>
    public static IReadOnlyList<string> Wrap(string text, int columns)
    {
        var lines = new List<string>();
        foreach (var paragraph in Clean(text).Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' '))
            {
                if (line.Length > 0 && ColumnsOf(line) + 1 + ColumnsOf(word) > columns)
                {
                    lines.Add(line);
                    line = "";
                }

                line = line.Length == 0 ? word : $"{line} {word}";
                for (; ColumnsOf(line) > columns; line = line[Fitting(line, columns)..]) lines.Add(line[..Fitting(line, columns)]);
            }

            if (line.Length > 0) lines.Add(line);
        }

        return lines;
    }

    /// <summary>How much of the text fits in so many columns: at least one character, never half of one.</summary>
    static int Fitting(string text, int columns)
    {
        var (taken, length) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            taken += ColumnsOf(rune.ToString());
            if (taken > columns && length > 0) break;
            length += rune.Utf16SequenceLength;
        }

        return length;
    }

    /// <summary>The text cut or filled to exactly so many columns.</summary>
    public static string Fit(string? text, int columns)
    {
        var clipped = Clip(text, columns);
        return clipped + new string(' ', Math.Max(0, columns - ColumnsOf(clipped)));
    }

    /// <summary>Columns a terminal gives the text: two for wide characters.</summary>
    internal static int ColumnsOf(string text) => new Segment(text).CellCount();
}
