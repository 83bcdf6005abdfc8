using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>Which step a run takes next: conditions and visits are looked at when the run comes to a step.</summary>
static class StepRules
{
    /// <summary>Begins the next step that is not skipped, or ends the run when there is none.</summary>
    /// <returns>False when the run has ended.</returns>
    public static bool Enter(Decision decision)
    {
        foreach (var (step, skipped) in Way(decision.Run, decision.Agent).ToList())
        {
            if (skipped is { } reason)
            {
                decision.Add(new StepSkipped(step, decision.Agent.Steps[step].Name, reason));
                continue;
            }

            decision.Add(Started(decision.Run, decision.Agent, step));
            return true;
        }

        var answer = decision.Run.Answer ?? AnswerSoFar.None;
        decision.Add(new RunCompleted(answer.Text, answer.Citations, answer.Incomplete, answer.Output));
        return false;
    }

    /// <summary>Whether a run that is between two steps takes another one.</summary>
    public static bool TakesAnother(Run run, AgentDefinition agent) => Way(run, agent).Any(step => step.Skipped is null);

    /// <summary>The latest output of a step by its name; empty when it has none.</summary>
    public static string OutputOf(Run run, AgentDefinition agent, string step) => run.Outputs.GetValueOrDefault(agent.PositionOf(step), "");

    /// <summary>The steps that the run comes to now, each with the reason why it is skipped; the last one is taken, or ends the run.</summary>
    static IEnumerable<(int Step, SkipReason? Skipped)> Way(Run run, AgentDefinition agent)
    {
        for (var next = agent.After(run.Step); next is { } step; next = agent.AfterSkipping(step))
        {
            var skipped = WhySkipped(run, agent, step);
            yield return (step, skipped);
            if (skipped is null) yield break;
        }
    }

    static SkipReason? WhySkipped(Run run, AgentDefinition agent, int step)
    {
        var definition = agent.Steps[step];
        if (definition.When is not null && definition.ReadCondition()?.Holds(ScopeOf(run, agent)) is not true) return SkipReason.Condition;
        return run.VisitsOf(step) >= definition.Visits ? SkipReason.Visits : null;
    }

    static ConditionScope ScopeOf(Run run, AgentDefinition agent) => new(
        run.Question, name => run.Metadata?.GetValueOrDefault(name), step => run.Outputs.GetValueOrDefault(agent.PositionOf(step)),
        step => run.VisitsOf(agent.PositionOf(step)));

    static StepStarted Started(Run run, AgentDefinition agent, int step) => new(
        step, agent.Steps[step].Name, agent.KeepsResults(step), KeepsAnswer(run, agent, step),
        agent.CountsVisits(step) ? run.VisitsOf(step) + 1 : null);

    /// <summary>What a model says is the better answer; without one, what the run has.</summary>
    static bool KeepsAnswer(Run run, AgentDefinition agent, int step) =>
        agent.KeepsAnswers() && (agent.Steps[step] is ModelStep || run.ModelCalls == 0 && agent.MayEndWith(step));
}
