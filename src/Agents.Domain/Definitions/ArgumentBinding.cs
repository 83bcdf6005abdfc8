using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>What the arguments of a step are taken from.</summary>
/// <param name="OutputOf">The output of an earlier step by its name; empty when that step said nothing.</param>
/// <param name="LabelOf">The run's label by its name; empty when it has none.</param>
public sealed record ArgumentSources(string Question, Func<string, string> OutputOf, Func<string, string> LabelOf);

/// <summary>Turns a tool step's bindings into the arguments of its calls.</summary>
public static class ArgumentBinding
{
    /// <summary>How many calls a step without a list makes.</summary>
    /// <param name="most">No more than so many are counted; from 1.</param>
    public static int CallsOf(ToolStep step, ArgumentSources from, int most) => ValuesOf(step, from, most).Count;

    /// <summary>JSON arguments of a step without a list, one string for each call to make; at least one.</summary>
    /// <param name="most">No more calls than that; from 1.</param>
    public static IReadOnlyList<string> Bind(ToolStep step, ArgumentSources from, int most) =>
        [.. Write(step, from, ValuesOf(step, from, most), (_, line) => line)];

    /// <summary>JSON arguments of the calls for these items of the step's <see cref="ForEach"/> list, one string for each.</summary>
    public static IEnumerable<string> Bind(ToolStep step, ArgumentSources from, IEnumerable<JsonElement> items) =>
        Write(step, from, items, (argument, item) => argument is Argument.Item of ? Member(item, of.Path) : "");

    /// <summary>
    /// The items of a list, in order: those of a JSON array, else the lines of a text, a line being a JSON string. A single other JSON value is a
    /// list of one; null, and a member that is not there, is an empty list.
    /// </summary>
    public static IReadOnlyList<JsonElement> Items(ForEach list, ArgumentSources from)
    {
        var output = from.OutputOf(list.Items.Step);
        if (OutputJson.Read(output) is not { } json) return list.Items.Path is null ? Lines(output) : [];

        return Find(json, list.Items.Path) switch
        {
            null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => [],
            { ValueKind: JsonValueKind.Array } array => [.. array.EnumerateArray()],
            { ValueKind: JsonValueKind.String } text => Lines(text.GetString()!),
            var single => [single.Value],
        };

        static IReadOnlyList<JsonElement> Lines(string text) => [.. LinesOf(text).Select(line => JsonSerializer.SerializeToElement(line))];
    }

    /// <summary>
    /// The value of an argument: JSON that is no string as it is, all else as a text, empty when it is not there. Null for one that differs from call
    /// to call.
    /// </summary>
    internal static object? ValueOf(Argument argument, ArgumentSources from) => argument switch
    {
        Argument.Question => from.Question,
        Argument.Output { Path: { } path } output => OutputJson.Read(from.OutputOf(output.Step)) is { } json ? Member(json, path) : "",
        Argument.Output output => from.OutputOf(output.Step),
        Argument.Label label => from.LabelOf(label.Name),
        Argument.Text text => text.Value,
        _ => null,
    };

    /// <param name="other">The value of an argument that differs from call to call.</param>
    static IEnumerable<string> Write<T>(ToolStep step, ArgumentSources from, IEnumerable<T> calls, Func<Argument, T, object> other)
    {
        var values = step.Arguments.Where(IsGiven(from.LabelOf))
            .Select(argument => (argument.Key, argument.Value, Same: ValueOf(argument.Value, from))).ToList();
        return calls.Select(call => JsonSerializer.Serialize(
            values.ToDictionary(argument => argument.Key, argument => argument.Same ?? other(argument.Value, call)), OutputJson.Readable));
    }

    /// <summary>The lines of which each makes a call; a single text where all calls would be the same.</summary>
    static IReadOnlyList<string> ValuesOf(ToolStep step, ArgumentSources from, int most)
    {
        if (step.Arguments.Values.OfType<Argument.EachLine>().FirstOrDefault() is not { } lines) return [""];
        return LinesOf(from.OutputOf(lines.Step)).Take(most).ToList() is { Count: > 0 } some ? some : [from.Question];
    }

    /// <summary>A label that the run does not have is not passed at all, so that the tool's own default counts.</summary>
    static Func<KeyValuePair<string, Argument>, bool> IsGiven(Func<string, string> labelOf) =>
        argument => argument.Value is not Argument.Label label || labelOf(label.Name).Length > 0;

    /// <summary>A JSON string as a text, empty when it is not there; all other JSON as it is.</summary>
    static object Member(JsonElement whole, string? path) => Find(whole, path) switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => "",
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        var json => json.Value,
    };

    static JsonElement? Find(JsonElement whole, string? path) => path is null ? whole : MemberPath.Parse(path, out _)?.Of(whole);

    /// <summary>Read as they are asked for.</summary>
    static IEnumerable<string> LinesOf(string text)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (var start = 0; start <= text.Length;)
        {
            var end = text.IndexOf('\n', start) is >= 0 and var found ? found : text.Length;
            if (WithoutListMark(text[start..end]) is { Length: > 0 } line && told.Add(line)) yield return line;
            start = end + 1;
        }
    }

    static string WithoutListMark(string line)
    {
        var text = line.Trim();
        if (text.StartsWith("- ", StringComparison.Ordinal) || text.StartsWith("* ", StringComparison.Ordinal)) return text[2..].Trim();

        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        return digits is > 0 and < 3 && text.Length > digits + 1 && text[digits] is '.' or ')' && text[digits + 1] == ' '
            ? text[(digits + 2)..].Trim()
            : text;
    }
}
