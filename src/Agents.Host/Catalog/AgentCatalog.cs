using System.Reflection;
using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Host.Catalog;

/// <summary>Every agent that can be asked for, by name. Built once at start; a duplicate name or a faulty definition stops the start.</summary>
public sealed class AgentCatalog
{
    readonly SortedDictionary<string, AgentDefinition> agents = new(StringComparer.Ordinal);

    public AgentCatalog(ToolBox tools, IEnumerable<AgentDefinition> more)
    {
        var marked = Assembly.GetExecutingAssembly().GetTypes()
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static))
            .Where(property => property.IsDefined(typeof(AgentAttribute)))
            .Select(property => (AgentDefinition)property.GetValue(null)!);

        foreach (var agent in marked.Concat(more))
        {
            if (Problems(agent, tools).FirstOrDefault() is { } problem)
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

    static IEnumerable<string> Problems(AgentDefinition agent, ToolBox tools) => agent.Problems().Concat(
        agent.Steps
            .SelectMany(step => step is ToolStep one ? [one.Tool] : ((ModelStep)step).Tools ?? [])
            .Where(grant => !tools.Has(grant.Tool))
            .Select(grant => $"No tool is named {grant.Tool}."));
}
