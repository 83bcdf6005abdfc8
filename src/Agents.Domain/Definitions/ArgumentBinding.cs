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
        IReadOnlyList<string> values = repeated.Value is Argument.EachLine lines ? Lines(outputOf(lines.Step), question) : [""];

        return [.. values.Select(value => JsonSerializer.Serialize(step.Arguments.Where(IsGiven).ToDictionary(
            argument => argument.Key,
            argument => argument.Value switch
            {
                Argument.Question => question,
                Argument.Output output => outputOf(output.Step),
                Argument.Label label => labelOf(label.Name),
                Argument.Text text => text.Value,
                _ => value,
            }), Readable))];

        // A label that the run does not have is not passed at all, so that the tool's own default counts.
        bool IsGiven(KeyValuePair<string, Argument> argument) => argument.Value is not Argument.Label label || labelOf(label.Name).Length > 0;
    }

    static List<string> Lines(string text, string question)
    {
        var lines = text.Split('\n').Select(WithoutListMark).Where(line => line.Length > 0).Distinct().ToList();
        return lines.Count > 0 ? lines : [question];
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
