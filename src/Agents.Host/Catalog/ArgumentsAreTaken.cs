using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Host.Catalog;

/// <summary>A tool step gives its tool the arguments that the tool takes: none that it does not know, and all without which it cannot run.</summary>
public sealed class ArgumentsAreTaken(ToolBox tools) : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) =>
        from step in agent.Steps.OfType<ToolStep>()
        let problem = tools.ProblemWith(step.Tool.Tool, [.. step.Arguments.Keys])
        where problem is not null
        select $"Step {step.Name} gives {problem}";
}
