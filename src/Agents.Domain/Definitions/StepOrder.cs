namespace Agents.Domain.Definitions;

/// <summary>The order in which a run may take an agent's steps, and what is wrong with it.</summary>
public static class StepOrder
{
    /// <summary>Most steps of an agent.</summary>
    public const int MostSteps = 1_000;

    /// <summary>The highest <see cref="StepDefinition.Visits"/>.</summary>
    public const int MostVisits = 1_000;

    /// <summary>How often a run may come to a step, of all its steps together.</summary>
    public const int MostStepsOfARun = 10_000;

    /// <summary>Position of the step that follows a completed one; of the first step after -1. Null when the run ends.</summary>
    public static int? After(this AgentDefinition agent, int step) => step < 0 ? 0 : StepPlan.Of(agent)[step].After;

    /// <summary>Position of the step that follows a skipped one. Null when the run ends.</summary>
    public static int? AfterSkipping(this AgentDefinition agent, int step) => StepPlan.Of(agent)[step].AfterSkipping;

    /// <summary>Whether the run may end with what the step brought, because all that could follow it may be skipped.</summary>
    public static bool MayEndWith(this AgentDefinition agent, int step) => StepPlan.Of(agent)[step].MayEndWith;

    /// <summary>Whether a run counts how often it takes the step: it may take it again, or something asks for the number.</summary>
    public static bool CountsVisits(this AgentDefinition agent, int step) => StepPlan.Of(agent)[step].CountsVisits;

    /// <summary>Position of the step of that name; -1 when there is none.</summary>
    public static int PositionOf(this AgentDefinition agent, string name) => StepPlan.Of(agent).PositionOf(name);

    /// <summary>Only for an agent of at most <see cref="MostSteps"/> steps.</summary>
    internal static IEnumerable<string> Problems(AgentDefinition agent)
    {
        var plan = StepPlan.Of(agent);
        foreach (var (step, position) in agent.Steps.Select((step, position) => (step, position)))
        {
            if (step.Name == StepDefinition.End) yield return $"No step may be named {StepDefinition.End}: that is where a run ends.";
            if (step.Visits is < 1 or > MostVisits) yield return $"Step {step.Name} may be visited 1 to {MostVisits:N0} times.";
            foreach (var target in new[] { step.Next, step.Else }.OfType<string>())
                if (target != StepDefinition.End && plan.PositionOf(target) < 0)
                    yield return $"Step {step.Name} leads to {target}, which is no step of the agent.";
            if (step.Else is { } other && plan.PositionOf(other) is >= 0 and var skippedTo && skippedTo <= position)
                yield return $"Step {step.Name} leads to {other} when it is skipped, which does not stand behind it.";
            if (step is { Next: { } next, Visits: null } && plan.PositionOf(next) is >= 0 and var back && back <= position)
                yield return $"Step {step.Name} leads back to {next} and does not say how often; give it visits.";
        }

        if (MostComings(agent) is > MostStepsOfARun and var comings)
            yield return FormattableString.Invariant(
                $"A run could come to a step {comings:N0} times in all; {MostStepsOfARun:N0} are allowed. Lower the visits.");
    }

    /// <summary>Each time a step leads back, the run comes once more to every step from there on, at most.</summary>
    static long MostComings(AgentDefinition agent) =>
        agent.Steps.Count + StepPlan.Of(agent).Loops.Sum(loop => (long)(agent.Steps[loop.From].Visits ?? 0) * (agent.Steps.Count - loop.To));
}
