using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>An agent that can be asked for by its plain name.</summary>
/// <param name="Agent">Its live version.</param>
/// <param name="Trial">Null when there is none.</param>
public sealed record CatalogAgent(AgentDefinition Agent, AgentSource Source, IReadOnlyDictionary<string, int> Aliases, TrialView? Trial);

/// <param name="Percent">How many of a hundred new runs get the version, from 0 to 100.</param>
public sealed record TrialView(int Version, decimal Percent);

/// <summary>Where an agent comes from.</summary>
public enum AgentSource
{
    /// <summary>It is part of the program.</summary>
    BuiltIn,

    /// <summary>It was pushed for all tenants.</summary>
    All,

    /// <summary>The tenant has pushed it for itself.</summary>
    Tenant,
}
