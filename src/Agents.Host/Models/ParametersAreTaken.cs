using Agents.Domain.Definitions;
using Agents.Host.Catalog;

namespace Agents.Host.Models;

/// <summary>Every parameter that a step asks for is one that the provider of its model takes.</summary>
public sealed class ParametersAreTaken(ModelProviders models) : IDefinitionRule
{
    public IEnumerable<string> Problems(AgentDefinition agent) => Problems(agent, ofRun: null, models);

    /// <summary>The same with what a run asks for, too.</summary>
    public static IEnumerable<string> Problems(AgentDefinition agent, ModelParameters? ofRun, ModelProviders models) =>
        from step in agent.Steps.OfType<ModelStep>()
        from model in agent.ModelsOf(step, agent.Model ?? models.Main.Default)
        let provider = ProviderAbilities.Of(models.Of(model).Entry.Provider)
        let missing = provider.Missing(ModelParameters.Of(ofRun, step.Parameters, agent.Parameters)).ToList()
        where missing.Count > 0
        select $"Step {step.Name} asks for {string.Join(", ", missing)}, which the provider {provider.Name} does not take.";
}
