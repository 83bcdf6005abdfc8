using System.Text.Encodings.Web;
using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>Turns a tool step's bindings into the arguments of its calls.</summary>
public static class ArgumentBinding
{
    /// <summary>Letters of all scripts as they are: people read arguments in the timeline.</summary>
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON arguments, one string for each call to make; at least one.</summary>
    /// <param name="outputOf">The output of an earlier step by its name; empty when that step said nothing.</param>
    /// <param name="labelOf">The run's label by its name; empty when it has none.</param>
    public static IReadOnlyList<string> Bind(ToolStep step, string question, Func<string, string> outputOf, Func<string, string> labelOf)
    {
        var repeated = step.Arguments.FirstOrDefault(argument => argument.Value is Argument.EachLine);
        IReadOnlyList<string> values = repeated.Value is Argument.EachLine lines ? LinesOr(outputOf(lines.Step), question) : [""];
        return [.. values.Select(value => Write(step, question, outputOf, labelOf, _ => value))];
    }

    /// <summary>JSON arguments of the call for one item of the step's <see cref="ForEach"/> list.</summary>
    /// <param name="outputOf">As for <see cref="Bind"/>.</param>
    /// <param name="labelOf">As for <see cref="Bind"/>.</param>
    public static string BindItem(
        ToolStep step, JsonElement item, string question, Func<string, string> outputOf, Func<string, string> labelOf) =>
        Write(step, question, outputOf, labelOf, argument => argument is Argument.Item of ? Member(item, of.Path) : "");

    /// <summary>
    /// The items of a list, in order: those of a JSON array, else the lines of a text, a line being a JSON string. A single other JSON value is a
    /// list of one; null, and a member that is not there, is an empty list.
    /// </summary>
    /// <param name="outputOf">As for <see cref="Bind"/>.</param>
    public static IReadOnlyList<JsonElement> Items(ForEach list, Func<string, string> outputOf)
    {
        var output = outputOf(list.Items.Step);
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

    /// <summary>An output, or the member of it that is named, as a text; empty when it is not there.</summary>
    /// <param name="outputOf">As for <see cref="Bind"/>.</param>
    public static string TextOf(Argument.Output output, Func<string, string> outputOf) => output.Path is { } path
        ? OutputJson.Read(outputOf(output.Step)) is { } json ? Member(json, path).ToString()! : ""
        : outputOf(output.Step);

    /// <param name="other">The value of an argument that differs from call to call.</param>
    static string Write(
        ToolStep step, string question, Func<string, string> outputOf, Func<string, string> labelOf, Func<Argument, object> other) =>
        JsonSerializer.Serialize(step.Arguments.Where(IsGiven(labelOf)).ToDictionary(
            argument => argument.Key,
            argument => argument.Value switch
            {
                Argument.Question => question,
                Argument.Output { Path: { } path } output => OutputJson.Read(outputOf(output.Step)) is { } json ? Member(json, path) : "",
                Argument.Output output => outputOf(output.Step),
                Argument.Label label => labelOf(label.Name),
                Argument.Text text => text.Value,
                var differs => other(differs),
            }), Readable);

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

    static IReadOnlyList<string> LinesOr(string text, string question) => LinesOf(text) is { Count: > 0 } lines ? lines : [question];

    static List<string> LinesOf(string text) => [.. text.Split('\n').Select(WithoutListMark).Where(line => line.Length > 0).Distinct()];

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
