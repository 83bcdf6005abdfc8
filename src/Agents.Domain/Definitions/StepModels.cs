using Agents.Domain.Runs;

namespace Agents.Domain.Definitions;

/// <summary>Which models a step may ask, in order.</summary>
public static class StepModels
{
    /// <summary>The models that take over in this step: its own, else the agent's. Null when there are none.</summary>
    public static Fallback? FallbackOf(this AgentDefinition agent, ModelStep step) => step.Fallback ?? agent.Fallback;

    /// <summary>The model that a run asks in the step under way: the one that has taken over, else the step's own, else the run's.</summary>
    public static string ModelOf(this Run run, ModelStep step) => run.ModelCall?.Model ?? step.Model ?? run.Model;

    /// <summary>The step's own model, then those that take over. A position in it is what facts call <c>Fallback</c>.</summary>
    /// <param name="otherwise">The model of the run, for a step that names none.</param>
    public static IReadOnlyList<string> ModelsOf(this AgentDefinition agent, ModelStep step, string otherwise) =>
        [step.Model ?? otherwise, .. agent.FallbackOf(step)?.Models ?? []];

    /// <summary>Position of the last model step, which gives the last word of a run that closes. -1 when there is none.</summary>
    public static int LastModelStep(this AgentDefinition agent)
    {
        var position = agent.Steps.Count - 1;
        while (position >= 0 && agent.Steps[position] is not ModelStep) position--;
        return position;
    }
}
