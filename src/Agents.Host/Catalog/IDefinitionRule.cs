using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>A check of a definition that needs more than the definition itself, such as which tools and models this server has.</summary>
public interface IDefinitionRule
{
    /// <summary>What is wrong with the definition, in sentences that name the step; empty when nothing is.</summary>
    IEnumerable<string> Problems(AgentDefinition agent);
}
