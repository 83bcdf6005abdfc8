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

    /// <summary>The fact that the run begins a step, with what its checkpoint must keep of it.</summary>
    public static StepStarted Started(Run run, AgentDefinition agent, int step) => new(
        step, agent.Steps[step].Name, agent.KeepsResults(step), KeepsAnswer(run, agent, step),
        agent.CountsVisits(step) ? run.VisitsOf(step) + 1 : null);

    /// <summary>Ends the step under way, and the run when no step may follow.</summary>
    /// <param name="incomplete">What cut the output. Null when it is whole.</param>
    /// <param name="json">The output, where it fits a schema. Null when it is text.</param>
    public static Decision Complete(
        Decision decision, string output, IReadOnlyList<Citation> citations, string? incomplete, string? json = null)
    {
        var step = decision.Run.Step;
        decision.Add(new StepCompleted(step, output, decision.Agent.IsReadLater(step)));
        return decision.Agent.After(step) is null ? decision.Add(new RunCompleted(output, citations, incomplete, json)) : decision;
    }

    /// <summary>The steps that the run comes to now, each with the reason why it is skipped; the last one is taken, or ends the run.</summary>
    static IEnumerable<(int Step, SkipReason? Skipped)> Way(Run run, AgentDefinition agent)
    {
        var scope = new ConditionScope(
            run.Question, name => run.Metadata?.GetValueOrDefault(name), step => run.OutputOf(agent, step),
            step => run.VisitsOf(agent.PositionOf(step)));
        for (var next = agent.After(run.Step); next is { } step; next = agent.AfterSkipping(step))
        {
            var skipped = WhySkipped(run, agent, step, scope);
            yield return (step, skipped);
            if (skipped is null) yield break;
        }
    }

    static SkipReason? WhySkipped(Run run, AgentDefinition agent, int step, ConditionScope scope)
    {
        var definition = agent.Steps[step];
        if (definition.When is not null && agent.ConditionOf(step)?.Holds(scope) is not true) return SkipReason.Condition;
        return run.VisitsOf(step) >= definition.Visits ? SkipReason.Visits : null;
    }

    /// <summary>What a model says is the better answer; without one, what the run has.</summary>
    static bool KeepsAnswer(Run run, AgentDefinition agent, int step) =>
        agent.KeepsAnswers() && (agent.Steps[step] is ModelStep || run.ModelCalls == 0 && agent.MayEndWith(step));
}
