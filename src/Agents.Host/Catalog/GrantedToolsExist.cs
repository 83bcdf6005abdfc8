using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Host.Catalog;

/// <summary>Every tool that a step may use is one of this server.</summary>
public sealed class GrantedToolsExist(ToolBox tools) : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) =>
        from step in agent.Steps
        from grant in step.Grants()
        where !tools.Has(grant.Tool)
        select $"Step {step.Name} may use {grant.Tool}, but no tool is named so.";
}
