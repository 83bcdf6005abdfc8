using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Marten;

namespace Agents.Host.Audit;

/// <summary>I4: checkpoint and summary say what the facts say.</summary>
static class FoldedState
{
    public static Invariant Invariant() => new("I4", "The checkpoint and the summary of a run are what its facts make them.");

    public static IEnumerable<string> In(StoredRun run, ISerializer json)
    {
        if (run.Folded is not { } folded)
        {
            yield return $"{run}: {run.Broken}";
            yield break;
        }

        if (run.Checkpoint is null) yield return $"{run} has no checkpoint";
        else if (Differences(json.ToJson(folded), Read(run.Checkpoint, json)) is { Length: > 0 } wrong)
            yield return $"{run} has a checkpoint that is wrong in {wrong}";

        if (run.Summary is null) yield return $"{run} has no summary";
        else if (Differences(json.ToJson(SummaryRow.Of(folded)), json.ToJson(run.Summary)) is { Length: > 0 } other)
            yield return $"{run} has a summary that is wrong in {other}";
    }

    /// <summary>
    /// As a worker would read it: what an older version did not write yet has its default. What no worker could read stays as it is.
    /// </summary>
    static string Read(string checkpoint, ISerializer json)
    {
        try
        {
            using var stored = new MemoryStream(Encoding.UTF8.GetBytes(checkpoint));
            return json.ToJson(json.FromJson<Run>(stored));
        }
        catch (JsonException)
        {
            return checkpoint;
        }
    }

    /// <summary>
    /// Members that are not the same, such as <c>costUsd (99, not 0.01)</c> and <c>usage.inputTokens (7, not 8)</c>; their order and the way of
    /// writing a number do not count.
    /// </summary>
    static string Differences(string expected, string stored)
    {
        using var left = JsonDocument.Parse(expected);
        using var right = JsonDocument.Parse(stored);
        return string.Join(", ", Differences("", left.RootElement, right.RootElement));
    }

    static IEnumerable<string> Differences(string path, JsonElement expected, JsonElement stored)
    {
        if (expected.ValueKind is not JsonValueKind.Object || stored.ValueKind is not JsonValueKind.Object)
            return JsonElement.DeepEquals(expected, stored) ? [] : [$"{path} ({Text(stored)}, not {Text(expected)})"];

        var names = expected.EnumerateObject().Concat(stored.EnumerateObject()).Select(member => member.Name).Distinct();
        return names.SelectMany(name => Differences(path.Length == 0 ? name : $"{path}.{name}", Member(expected, name), Member(stored, name)));
    }

    /// <summary>A member that is not there counts as null.</summary>
    static JsonElement Member(JsonElement of, string name) => of.TryGetProperty(name, out var member) ? member : Null;

    static string Text(JsonElement member) => Sanitiser.Text(member.GetRawText(), LongestText);

    const int LongestText = 80;

    static readonly JsonElement Null = JsonSerializer.SerializeToElement<object?>(null);
}
