using System.Reflection;
using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>Every agent that can be asked for, by name. Built once at start; a duplicate name or a faulty definition stops the start.</summary>
public sealed class AgentCatalog
{
    readonly SortedDictionary<string, AgentDefinition> agents = new(StringComparer.Ordinal);

    public AgentCatalog(IEnumerable<IDefinitionRule> rules, IEnumerable<AgentDefinition> more)
    {
        var marked = Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(property => property.IsDefined(typeof(AgentAttribute)))
            .Select(property => (AgentDefinition)property.GetValue(null)!);

        foreach (var agent in marked.Concat(more))
        {
            if (agent.Problems().Concat(rules.SelectMany(rule => rule.Problems(agent))).FirstOrDefault() is { } problem)
                throw new InvalidOperationException($"Agent {agent.Name}: {problem}");
            if (!agents.TryAdd(agent.Name, agent))
                throw new InvalidOperationException($"Two agents are named {agent.Name}.");
        }

        CheckAgentsToStart();
    }

    /// <exception cref="InvalidOperationException">An agent may start runs of one that there is not.</exception>
    void CheckAgentsToStart()
    {
        foreach (var agent in All)
            if (agent.AgentsItMayStart().FirstOrDefault(name => Find(name) is null) is { } unknown)
                throw new InvalidOperationException($"Agent {agent.Name}: No agent is named {unknown}.");
    }

    /// <summary>By name.</summary>
    public IReadOnlyCollection<AgentDefinition> All => agents.Values;

    public AgentDefinition? Find(string? name) => name is null ? null : agents.GetValueOrDefault(name);
}
