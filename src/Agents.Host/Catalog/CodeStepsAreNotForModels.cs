using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Host.Catalog;

/// <summary>A code step is a step of its own: no model is granted one as a tool.</summary>
public sealed class CodeStepsAreNotForModels(ToolBox tools) : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) =>
        from step in agent.Steps.OfType<ModelStep>()
        from grant in step.Grants()
        where tools.IsCodeStep(grant.Tool)
        select $"Step {step.Name} lets its model use {grant.Tool}, which is a code step; give it a step of its own.";
}
