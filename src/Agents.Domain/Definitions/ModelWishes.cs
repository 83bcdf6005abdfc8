namespace Agents.Domain.Definitions;

/// <summary>What is asked of the model of a step beside its instructions: the form of its output, and how it is to answer.</summary>
public static class ModelWishes
{
    /// <summary>The most UTF-16 units of a JSON Schema.</summary>
    public const int SchemaCharacters = 65_536;

    /// <summary>The most problems of one output that are told.</summary>
    public const int MostProblems = 8;

    /// <summary>The most UTF-16 units of one such problem.</summary>
    public const int ProblemCharacters = 300;

    /// <summary>The JSON Schema that the output of a step must fit. Null when the output is text, and for a step that asks no model.</summary>
    /// <param name="ofRun">The run's own, which counts instead of the step's where the run may end with the step. Null when it has none.</param>
    public static string? SchemaOf(AgentDefinition agent, int step, string? ofRun) =>
        agent.Steps[step] is ModelStep model ? SchemaOf(model, agent.MayEndWith(step), ofRun) : null;

    /// <inheritdoc cref="SchemaOf(AgentDefinition, int, string?)"/>
    /// <param name="isLast">The run may end with the step.</param>
    public static string? SchemaOf(ModelStep step, bool isLast, string? ofRun) => (isLast ? ofRun : null) ?? step.OutputSchema;

    internal static IEnumerable<string> Problems(AgentDefinition agent)
    {
        foreach (var problem in agent.Parameters?.Problems() ?? []) yield return problem;
        foreach (var step in agent.Steps.OfType<ModelStep>())
        {
            foreach (var problem in step.Parameters?.Problems() ?? []) yield return $"Step {step.Name}: {problem}";
            if (step.OutputSchema is { Length: > SchemaCharacters } schema)
                yield return FormattableString.Invariant(
                    $"The schema of step {step.Name} may have {SchemaCharacters:N0} characters; it has {schema.Length:N0}.");
        }
    }
}
