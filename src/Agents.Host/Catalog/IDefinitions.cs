using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>The definitions that runs refer to by hash. They never change.</summary>
public interface IDefinitions
{
    /// <exception cref="InvalidOperationException">No definition has this hash: the database was changed by hand.</exception>
    ValueTask<AgentDefinition> Of(string hash, CancellationToken ct);

    /// <summary>Stores a definition in a transaction of its own, unless it is stored already. Its hash.</summary>
    Task<string> Store(AgentDefinition agent, CancellationToken ct);
}
