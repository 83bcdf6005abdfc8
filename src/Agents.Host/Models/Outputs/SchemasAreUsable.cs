using Agents.Domain.Definitions;
using Agents.Host.Catalog;

namespace Agents.Host.Models.Outputs;

/// <summary>Every schema of a step can be read, is within its bounds, and may be fitted by something.</summary>
public sealed class SchemasAreUsable : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) =>
        from step in agent.Steps.OfType<ModelStep>()
        where step.OutputSchema is not null
        let problem = OutputSchema.Read(step.OutputSchema!).Problem
        where problem is not null
        select $"The schema of step {step.Name} cannot be used. {problem}";
}
