using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Agents.Host.Catalog.Format;

/// <summary>JSON as YAML that people like to read: short things in a line, long text in lines of its own, quotes where they are needed.</summary>
static partial class YamlText
{
    /// <summary>Where lines end: of text that is folded, and of objects in a line.</summary>
    const int Width = 110;

    /// <summary>An object with more members gets a line for each.</summary>
    const int MostInLine = 5;

    /// <summary>Always in lines of their own.</summary>
    const string Steps = "steps";

    public static string Of(JsonObject document)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in document) Member(text, name, value, 0);
        return text.ToString();
    }

    static void Member(StringBuilder text, string name, JsonNode? value, int indent)
    {
        var head = $"{new string(' ', indent)}{Plain(name)}:";
        var isSteps = indent == 0 && name == Steps;
        if (!isSteps && InLine(value) is { } line && (head.Length + line.Length < Width || !WantsLines(value)))
        {
            text.Append(head).Append(' ').Append(line).Append('\n');
            return;
        }

        text.Append(head);
        switch (value)
        {
            case JsonObject members:
                text.Append('\n');
                foreach (var (inner, one) in members) Member(text, inner, one, indent + 2);
                break;
            case JsonArray items:
                text.Append('\n');
                foreach (var item in items) Item(text, item, indent + 2);
                break;
            default:
                text.Append(' ').Append(Text(value!.GetValue<string>(), indent + 2)).Append('\n');
                break;
        }
    }

    static void Item(StringBuilder text, JsonNode? item, int indent)
    {
        var dash = new string(' ', indent) + "- ";
        if (indent > 2 && InLine(item) is { } line && dash.Length + line.Length < Width)
        {
            text.Append(dash).Append(line).Append('\n');
            return;
        }

        switch (item)
        {
            case JsonObject { Count: > 0 } members:
                var block = new StringBuilder();
                foreach (var (name, value) in members) Member(block, name, value, indent + 2);
                text.Append(dash).Append(block, indent + 2, block.Length - indent - 2);
                break;
            case JsonArray { Count: > 0 } items:
                text.Append(dash[..^1]).Append('\n');
                foreach (var one in items) Item(text, one, indent + 2);
                break;
            case JsonValue value when value.GetValueKind() is JsonValueKind.String:
                text.Append(dash).Append(Text(value.GetValue<string>(), indent + 2)).Append('\n');
                break;
            default:
                text.Append(dash).Append(InLine(item)).Append('\n');
                break;
        }
    }

    /// <summary>Whether it can be written in lines of its own.</summary>
    static bool WantsLines(JsonNode? value) =>
        value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } || value?.GetValueKind() is JsonValueKind.String;

    /// <summary>Null when it wants more than a line.</summary>
    /// <param name="isInFlow">It stands within brackets, where a comma parts values.</param>
    static string? InLine(JsonNode? value, bool isInFlow = false)
    {
        switch (value)
        {
            case null: return "null";
            case JsonObject { Count: 0 }: return "{}";
            case JsonArray { Count: 0 }: return "[]";
            case JsonObject { Count: > MostInLine }: return null;
            case JsonObject members:
                var pairs = members.Select(member => InLine(member.Value, isInFlow: true) is { } one ? $"{Plain(member.Key)}: {one}" : null).ToList();
                return pairs.Contains(null) ? null : $"{{ {string.Join(", ", pairs)} }}";
            case JsonArray list:
                var items = list.Select(item => InLine(item, isInFlow: true)).ToList();
                return items.Contains(null) ? null : $"[{string.Join(", ", items)}]";
            case JsonValue one when one.GetValueKind() is JsonValueKind.String:
                var text = one.GetValue<string>();
                return text.Length > Width || text.Contains('\n', StringComparison.Ordinal) ? null : Plain(text, isInFlow);
            default: return value.ToJsonString(DefinitionWriter.Compact);
        }
    }

    /// <summary>Long text: as it is in lines of its own where YAML gives it back to the letter, else in quotes.</summary>
    static string Text(string text, int indent)
    {
        var before = new string(' ', indent);
        if (text.Any(c => c != '\n' && IsEscaped(c))) return Quoted(text);
        if (!text.Contains('\n', StringComparison.Ordinal))
            return text.Length > Width && !text.StartsWith(' ') && !text.EndsWith(' ')
                ? $">-\n{before}{string.Join($"\n{before}", Folded(text))}" : Plain(text, isInFlow: false);

        var lines = text.Split('\n');
        var isBlock = lines[0].Length > 0 && lines[0][0] != ' '
            && !text.EndsWith("\n\n", StringComparison.Ordinal) && lines.All(line => line.Length == 0 || !string.IsNullOrWhiteSpace(line));
        if (!isBlock) return Quoted(text);
        var shown = text.EndsWith('\n') ? lines[..^1] : lines;
        return (text.EndsWith('\n') ? "|" : "|-") + string.Concat(shown.Select(line => line.Length == 0 ? "\n" : $"\n{before}{line}"));
    }

    /// <summary>Lines that YAML joins with single spaces: broken only where one space stands between two other characters.</summary>
    static List<string> Folded(string text)
    {
        var lines = new List<string>();
        var begin = 0;
        for (var (at, last) = (1, -1); at < text.Length - 1; at++)
        {
            if (text[at] == ' ' && text[at - 1] != ' ' && text[at + 1] != ' ') last = at;
            if (at - begin < Width || last < begin) continue;
            lines.Add(text[begin..last]);
            (begin, last) = (last + 1, -1);
        }

        lines.Add(text[begin..]);
        return lines;
    }

    static string Plain(string text, bool isInFlow = true) =>
        IsDuration().IsMatch(text) || ((isInFlow ? IsPlainInFlow() : IsPlain()).IsMatch(text) && !IsWord().IsMatch(text)) ? text : Quoted(text);

    static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
            switch (c)
            {
                case '"' or '\\': quoted.Append('\\').Append(c); break;
                case '\n': quoted.Append("\\n"); break;
                case '\t': quoted.Append("\\t"); break;
                default:
                    if (IsEscaped(c)) quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else quoted.Append(c);
                    break;
            }

        return quoted.Append('"').ToString();
    }

    /// <summary>What YAML takes for a line break, or does not print.</summary>
    static bool IsEscaped(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff';

    [GeneratedRegex(@"\A([0-9]+(\.[0-9]+)?(d|h|m|s|ms))+\z")]
    private static partial Regex IsDuration();

    [GeneratedRegex(@"\A[A-Za-z_]([A-Za-z0-9_./@ -]*[A-Za-z0-9_./@-])?\z")]
    private static partial Regex IsPlainInFlow();

    [GeneratedRegex(@"\A[A-Za-z_]([A-Za-z0-9_./@ ,;()'!?+=-]*[A-Za-z0-9_./@()'!?+=-])?\z")]
    private static partial Regex IsPlain();

    /// <summary>What YAML, or an older one, takes for something else than text.</summary>
    [GeneratedRegex(@"\A(null|true|false|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase)]
    private static partial Regex IsWord();
}
