using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Host.Audit;

/// <summary>The definitions that runs obey, by their hash.</summary>
static class StoredDefinitions
{
    /// <summary>The form in which they are stored, and of which the hash is.</summary>
    public static readonly JsonSerializerOptions Format = new();

    public static async Task<IReadOnlyDictionary<string, AgentDefinition>> All(Snapshot snapshot, CancellationToken ct)
    {
        var definitions = new Dictionary<string, AgentDefinition>(StringComparer.Ordinal);
        await foreach (var stored in snapshot.Rows<Row>("select hash, body from agents.definition", null, ct))
            definitions.Add(stored.Hash, JsonSerializer.Deserialize<AgentDefinition>(stored.Body, Format)!);
        return definitions;
    }

    sealed record Row(string Hash, string Body);
}
