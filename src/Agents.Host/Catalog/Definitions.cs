using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Platform;
using Marten;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>The definitions that runs refer to by hash. They never change, so one that was read from the database is kept.</summary>
public sealed class Definitions(NpgsqlDataSource database) : IDefinitions, IDisposable
{
    /// <summary>Characters of JSON that the kept definitions have at most. Those not asked for longest are forgotten first.</summary>
    const long MostCharacters = 64L * 1024 * 1024;

    readonly MemoryCache known = new(new MemoryCacheOptions { SizeLimit = MostCharacters });

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
        if (known.TryGetValue(hash, out _)) return hash;

        await using var connection = await database.OpenConnectionAsync(ct);
        await Store(connection, agent, hash, ct);
        return hash;
    }

    /// <summary>Stores a definition in the connection's transaction, unless it is stored already.</summary>
    internal static Task<int> Store(NpgsqlConnection connection, AgentDefinition agent, string hash, CancellationToken ct) => connection.Execute(
        """
        insert into agents.definition (hash, name, version, body, first_model)
        values (@hash, @name, @version, @body, @first_model)
        on conflict do nothing
        """, new { hash, agent.Name, agent.Version, body = JsonSerializer.Serialize(agent), firstModel = agent.FirstModel() }, ct);

    /// <exception cref="InvalidOperationException">No definition has this hash: the database was changed by hand.</exception>
    public async ValueTask<AgentDefinition> Of(string hash, CancellationToken ct)
    {
        if (known.Get<AgentDefinition>(hash) is { } definition) return definition;

        var body = await database.First<string>("select body from agents.definition where hash = @hash", new { hash }, ct)
            ?? throw new InvalidOperationException($"Definition {hash} is not stored.");
        return known.Set(hash, JsonSerializer.Deserialize<AgentDefinition>(body)!, new MemoryCacheEntryOptions { Size = body.Length });
    }

    public void Dispose() => known.Dispose();
}
