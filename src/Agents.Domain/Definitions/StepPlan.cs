using System.Runtime.CompilerServices;

namespace Agents.Domain.Definitions;

/// <summary>What follows from an agent's steps alone: the conditions, read, and the ways a run may take. Derived once for each definition.</summary>
/// <remarks>
/// Also of a definition with problems. There a condition that cannot be read is null, and a step that leads to an unknown one ends the run.
/// </remarks>
sealed class StepPlan
{
    static readonly ConditionalWeakTable<AgentDefinition, StepPlan> Plans = [];

    readonly IReadOnlyList<StepDefinition> definitions;
    readonly Dictionary<string, int> positions = new(StringComparer.Ordinal);
    readonly PlannedStep[] steps;

    StepPlan(AgentDefinition agent)
    {
        definitions = agent.Steps;
        foreach (var (position, step) in definitions.Index()) positions.TryAdd(step.Name, position);
        Loops = [.. definitions.Index().Select(step => (From: step.Index, To: BackTo(step.Index))).Where(loop => loop.To >= 0)];

        var conditions = definitions.Select(step => step.When is { } text ? Condition.Parse(text, out _) : null).ToArray();
        var read = Names(definitions.SelectMany(step => step.OutputsTaken()), conditions, condition => condition.Outputs);
        var counted = Names([], conditions, condition => condition.Visits);
        var mayBeLeftOut = MayBeLeftOut();
        steps = [.. definitions.Select((step, position) => new PlannedStep(
            conditions[position], Target(position, step.Next), Target(position, step.Else),
            MayEndWith: Target(position, step.Next) is not { } next || mayBeLeftOut[next],
            IsReadLater: read.Contains(step.Name),
            CountsVisits: step.Visits is not null || counted.Contains(step.Name)
                || Loops.Any(loop => loop.To <= position && position <= loop.From)))];
        KeepsAnswers = steps.Index().Any(step =>
            step.Item.MayEndWith && (step.Item.After is not null || definitions[step.Index] is not ModelStep));
    }

    /// <summary>The plan of the definition: the same one for the same object.</summary>
    public static StepPlan Of(AgentDefinition agent) => Plans.GetValue(agent, static agent => new(agent));

    /// <summary>The steps that lead back, each with the step that it leads to.</summary>
    public IReadOnlyList<(int From, int To)> Loops { get; }

    /// <summary>
    /// A run may end by skipping all that is left, and answers with what a model said last; or with a step that has no citations of its own.
    /// </summary>
    public bool KeepsAnswers { get; }

    public PlannedStep this[int position] => steps[position];

    /// <summary>Position of the step of that name; of steps that share a name, of the first. -1 when there is none.</summary>
    public int PositionOf(string name) => positions.GetValueOrDefault(name, -1);

    /// <summary>Position of a step at or before this one that it leads to when it is complete. -1 when it leads onwards.</summary>
    int BackTo(int step) => definitions[step].Next is { } next && PositionOf(next) is var to && to <= step ? to : -1;

    int? Target(int step, string? name)
    {
        if (name is StepDefinition.End) return null;
        var target = name is null ? step + 1 : PositionOf(name);
        return target >= 0 && target < definitions.Count ? target : null;
    }

    /// <summary>
    /// For each step, whether it and all that then follows may be skipped. A step that is skipped leads onwards, so the last is known first.
    /// </summary>
    bool[] MayBeLeftOut()
    {
        var may = new bool[definitions.Count];
        for (var step = may.Length - 1; step >= 0; step--)
            may[step] = definitions[step] is not { When: null, Visits: null }
                && (Target(step, definitions[step].Else) is not { } next || (next > step && may[next]));
        return may;
    }

    static HashSet<string> Names(IEnumerable<string> others, IEnumerable<Condition?> conditions, Func<Condition, IEnumerable<string>> of) =>
        new(conditions.OfType<Condition>().SelectMany(of).Concat(others), StringComparer.Ordinal);
}

/// <summary>What a run must know of a step beside its definition.</summary>
/// <param name="When">Null when the step has no condition, or one that cannot be read.</param>
/// <param name="After">Position of the step that follows it when it is complete. Null when the run ends.</param>
/// <param name="AfterSkipping">Position of the step that follows it when it is skipped. Null when the run ends.</param>
/// <param name="MayEndWith">The run may end with what it brought, because all that could follow it may be skipped.</param>
/// <param name="IsReadLater">A condition looks at its output, or a step takes it.</param>
/// <param name="CountsVisits">A run counts how often it takes it: it may take it again, or something asks for the number.</param>
sealed record PlannedStep(Condition? When, int? After, int? AfterSkipping, bool MayEndWith, bool IsReadLater, bool CountsVisits);
