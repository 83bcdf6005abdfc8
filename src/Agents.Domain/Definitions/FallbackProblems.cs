using Agents.Domain.Runs;

namespace Agents.Domain.Definitions;

/// <summary>What a definition may say of models that take over.</summary>
static class FallbackProblems
{
    const int MostModels = 8;
    const int MostAttempts = 10;
    const int NameCharacters = 200;

    /// <summary>In sentences; empty when nothing is wrong.</summary>
    public static IEnumerable<string> Of(AgentDefinition agent)
    {
        foreach (var problem in Of(agent.Fallback, "The agent's fallback")) yield return problem;
        foreach (var step in agent.Steps.OfType<ModelStep>())
        foreach (var problem in Of(step.Fallback, $"The fallback of step {step.Name}")) yield return problem;
        if (agent.AtLimit is AtLimit.Close && agent.LastModelStep() < 0) yield return "An agent that closes at its limit needs a model step.";
    }

    static IEnumerable<string> Of(Fallback? fallback, string whose)
    {
        if (fallback is null) yield break;

        if (fallback.Models is not { Count: >= 1 and <= MostModels }) yield return $"{whose} needs 1 to {MostModels} models.";
        else if (fallback.Models.Any(model => string.IsNullOrWhiteSpace(model) || model.Length > NameCharacters || model != model.Trim()))
            yield return $"{whose} has a model whose name is not 1 to {NameCharacters} characters without spaces around it.";
        else if (fallback.Models.GroupBy(model => model).FirstOrDefault(group => group.Count() > 1)?.Key is { } twice)
            yield return $"{whose} names {Sanitiser.Text(twice, NameCharacters)} twice.";
        if (fallback.Attempts is < 1 or > MostAttempts) yield return $"{whose} may try each model 1 to {MostAttempts} times.";
        if (fallback.On is { Count: 0 }) yield return $"{whose} takes over after no failure; leave out On, or name failures.";
        foreach (var kind in (fallback.On ?? []).Where(kind => !FallbackRules.CanTakeOver(kind)))
            yield return $"{whose} cannot take over after {kind}: no model call fails so.";
    }
}
