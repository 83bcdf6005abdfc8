using System.Text.Json;
using System.Text.Json.Nodes;

namespace Agents.Host.Cli.Ask;

/// <summary>
/// A file of questions, one on each line: a JSON object as for <c>POST /runs</c>, a JSON string, or the question as it is. Empty lines are passed
/// over.
/// </summary>
static class BatchFile
{
    /// <summary>One request takes so many items, and about so many bytes.</summary>
    const int MostItems = 1000;

    const int MostCharacters = 8 * 1024 * 1024;

    const int MostLines = 100_000;

    /// <summary>The items, in pieces of which each is one batch.</summary>
    /// <param name="agent">For those that name none.</param>
    public static async Task<IReadOnlyList<IReadOnlyList<JsonNode>>> Read(string path, string agent, CancellationToken ct)
    {
        if (!File.Exists(path)) throw new VerbException(ExitCodes.Usage, $"There is no file {path}.");

        var (batches, characters, number) = (new List<List<JsonNode>> { new() }, 0, 0);
        await foreach (var line in File.ReadLinesAsync(path, ct))
        {
            if (++number > MostLines) throw new VerbException(ExitCodes.Usage, $"{path} has more than {MostLines:N0} lines. Split it.");
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (batches[^1].Count == MostItems || characters + line.Length > MostCharacters) (batches, characters) = ([.. batches, []], 0);
            batches[^1].Add(Item(line.Trim(), agent, $"{path}, line {number}"));
            characters += line.Length;
        }

        return batches[^1].Count > 0 ? batches : throw new VerbException(ExitCodes.Usage, $"{path} has no question. Write one on each line.");
    }

    static JsonObject Item(string line, string agent, string where)
    {
        if (line[0] is not ('{' or '"')) return new() { ["agent"] = agent, ["question"] = line };

        try
        {
            var item = JsonNode.Parse(line)!;
            if (item is not JsonObject whole) return new() { ["agent"] = agent, ["question"] = item.GetValue<string>() };
            if (!whole.ContainsKey("agent")) whole["agent"] = agent;
            return whole;
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException)
        {
            throw new VerbException(ExitCodes.Usage, $"{where}: this is no JSON: {malformed.Message}", malformed);
        }
    }
}
