using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>The definitions that runs refer to by hash. They never change, so each is read from the database once.</summary>
public sealed class Definitions(NpgsqlDataSource database) : IDefinitions
{
    readonly ConcurrentDictionary<string, AgentDefinition> known = new(StringComparer.Ordinal);

    /// <summary>Stores a definition in the session's transaction, unless it is stored already. Its hash.</summary>
    public static string Store(IDocumentOperations operations, AgentDefinition agent)
    {
        var hash = agent.Hash();
        operations.QueueSqlCommand(
            "insert into agents.definition (hash, name, version, body, first_model) values (?, ?, ?, ?, ?::text) on conflict do nothing",
            hash, agent.Name, agent.Version, JsonSerializer.Serialize(agent), (object?)agent.FirstModel() ?? DBNull.Value);
        return hash;
    }

    public async Task<string> Store(AgentDefinition agent, CancellationToken ct)
    {
        var hash = agent.Hash();
        if (known.ContainsKey(hash)) return hash;

        await database.Execute(
            "insert into agents.definition (hash, name, version, body) values (@hash, @name, @version, @body) on conflict do nothing",
            new { hash, agent.Name, agent.Version, body = JsonSerializer.Serialize(agent) }, ct);
        return hash;
    }

    /// <exception cref="InvalidOperationException">No definition has this hash: the database was changed by hand.</exception>
    public async ValueTask<AgentDefinition> Of(string hash, CancellationToken ct)
    {
        if (known.TryGetValue(hash, out var definition)) return definition;

        var body = await database.First<string>("select body from agents.definition where hash = @hash", new { hash }, ct)
            ?? throw new InvalidOperationException($"Definition {hash} is not stored.");
        return known.GetOrAdd(hash, JsonSerializer.Deserialize<AgentDefinition>(body)!);
    }
}
