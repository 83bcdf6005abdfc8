namespace Agents.Domain.Definitions;

/// <summary>Which outputs an agent's steps read, what a run must keep for that, and what is wrong with it.</summary>
static class StepReading
{
    /// <summary>Names of the steps whose outputs the step takes as arguments, or as a list.</summary>
    public static IEnumerable<string> OutputsTaken(this StepDefinition step) => step switch
    {
        ToolStep tool => tool.Arguments.Values.Append(tool.ForEach?.Items).Select(SourceOf).OfType<string>(),
        WaitStep wait => SourceOf(wait.Until) is { } source ? [source] : [],
        _ => [],
    };

    /// <summary>The step's condition. Null when it has none, or one that cannot be read.</summary>
    public static Condition? ConditionOf(this AgentDefinition agent, int step) => StepPlan.Of(agent)[step].When;

    /// <inheritdoc cref="StepPlan.KeepsAnswers"/>
    public static bool KeepsAnswers(this AgentDefinition agent) => StepPlan.Of(agent).KeepsAnswers;

    /// <summary>The calls of the step bring what its output is made of, and that is wanted: by another step, or as the run's answer.</summary>
    public static bool KeepsResults(this AgentDefinition agent, int step) =>
        agent.Steps[step] is ToolStep && (agent.IsReadLater(step) || agent.MayEndWith(step));

    /// <summary>Only for an agent of at most <see cref="StepOrder.MostSteps"/> steps.</summary>
    public static IEnumerable<string> Problems(AgentDefinition agent)
    {
        var plan = StepPlan.Of(agent);
        foreach (var (step, position) in agent.Steps.Select((step, position) => (step, position)))
        {
            foreach (var source in step.OutputsTaken().Distinct())
                if (!CanBeRead(source, position)) yield return $"Step {step.Name} reads {source}, which is no step before it.";
            if (step is ToolStep tool)
                foreach (var problem in Problems(tool)) yield return problem;
            if (step.When is not { } text) continue;

            if (plan[position].When is not { } condition)
            {
                _ = Condition.Parse(text, out var wrong);
                yield return $"Step {step.Name} has a condition that cannot be read. {wrong}";
                continue;
            }

            foreach (var source in condition.Outputs)
                if (!CanBeRead(source, position))
                    yield return $"The condition of step {step.Name} reads {source}, which is no step before it.";
            foreach (var counted in condition.Visits)
                if (plan.PositionOf(counted) < 0)
                    yield return $"The condition of step {step.Name} counts {counted}, which is no step of the agent.";
        }

        // It can have been completed: it stands before the reader, or in a loop with it.
        bool CanBeRead(string source, int reader) => plan.PositionOf(source) is >= 0 and var position
            && (position < reader || plan.Loops.Any(loop => loop.To <= reader && position <= loop.From));
    }

    static IEnumerable<string> Problems(ToolStep step)
    {
        var arguments = step.Arguments.Values;
        if (arguments.OfType<Argument.EachLine>().Count() > 1)
            yield return $"Step {step.Name} may take one argument from each line, not several.";
        foreach (var path in arguments.Append(step.ForEach?.Items).Select(PathOf).OfType<string>())
            if (MemberPath.Parse(path, out var wrong) is null) yield return $"Step {step.Name} reads {path}, which is no path. {wrong}";
        if (step.ForEach is not { } list)
        {
            if (arguments.OfType<Argument.Item>().Any()) yield return $"Step {step.Name} takes an item, but has no list.";
            yield break;
        }

        if (arguments.OfType<Argument.EachLine>().Any()) yield return $"Step {step.Name} has a list, so no argument may be taken from each line.";
        if (list.Parallel < 1) yield return $"Step {step.Name} must make at least one call at a time.";
        if (list.Failures < 0) yield return $"Step {step.Name} may not allow less than no failure.";
        if (list.Most is < 1 or > ForEach.MostItems) yield return $"Step {step.Name} may have 1 to {ForEach.MostItems} items.";
    }

    static string? SourceOf(Argument? argument) => argument switch
    {
        Argument.Output output => output.Step,
        Argument.EachLine lines => lines.Step,
        _ => null,
    };

    static string? PathOf(Argument? argument) => argument switch
    {
        Argument.Output output => output.Path,
        Argument.Item item => item.Path,
        _ => null,
    };
}
