using System.Text.RegularExpressions;

namespace Agents.Host.Cli.Display;

/// <summary>Markdown as a terminal can show it: headings, lists, bold, code and links, as Spectre's markup. Anything else stays as it is.</summary>
public static partial class MarkdownText
{
    const string Fence = "```";

    public static string Of(string markdown)
    {
        var isCode = false;
        var lines = new List<string>();
        foreach (var line in Screen.Clean(markdown).Split('\n'))
        {
            if (line.TrimStart().StartsWith(Fence, StringComparison.Ordinal)) isCode = !isCode;
            else lines.Add(isCode ? $"    [teal]{Screen.Safe(line)}[/]" : Line(Screen.Safe(line)));
        }

        return string.Join('\n', lines);
    }

    /// <param name="escaped">One line, escaped for Spectre: brackets are double.</param>
    static string Line(string escaped)
    {
        if (Heading().Match(escaped) is { Success: true } heading) return $"[bold underline]{Inline(heading.Groups[1].Value)}[/]";
        return Inline(Bullet().Replace(escaped, "${1}• "));
    }

    static string Inline(string text)
    {
        var parts = text.Split('`');
        if (parts.Length % 2 == 0) return Words(text); // a mark without its other half is text
        return string.Concat(parts.Select((part, at) => at % 2 == 1 ? $"[teal]{part}[/]" : Words(part)));
    }

    static string Words(string text) => Bold().Replace(Link().Replace(text, "${1} [grey](${2})[/]"), "[bold]${1}[/]");

    [GeneratedRegex(@"^#{1,6}\s+(.+?)\s*#*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(\s*)[-*+]\s+")]
    private static partial Regex Bullet();

    [GeneratedRegex(@"\*\*(\S(?:.*?\S)?)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex(@"\[\[([^\[\]]+)\]\]\((https?://[^\s()]+)\)")]
    private static partial Regex Link();
}
