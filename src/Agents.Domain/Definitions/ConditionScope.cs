using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>What conditions may look at while a run comes to its next step. Reads each output as JSON once; not for several threads.</summary>
/// <param name="labelOf">The run's label by its name. Null when it has none.</param>
/// <param name="outputOf">The latest output of a step by the step's name. Null when the step was not completed.</param>
/// <param name="visitsOf">How often the run has taken a step, by the step's name.</param>
public sealed class ConditionScope(
    string question, Func<string, string?> labelOf, Func<string, string?> outputOf, Func<string, int> visitsOf)
{
    readonly Dictionary<string, JsonElement?> read = new(StringComparer.Ordinal);

    public string Question => question;

    public string? LabelOf(string name) => labelOf(name);

    public string? OutputOf(string step) => outputOf(step);

    public int VisitsOf(string step) => visitsOf(step);

    /// <summary>The output of a step as JSON. Null when it is none, or the step was not completed.</summary>
    internal JsonElement? JsonOf(string step)
    {
        if (!read.TryGetValue(step, out var json)) read[step] = json = outputOf(step) is { } text ? OutputJson.Read(text) : null;
        return json;
    }
}
