using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Audit;

/// <summary>
/// I2: each step began and ended once, in order; a completed run made all of its definition's. A fork has made those that it continues. One that
/// closed has left or skipped those before the step that gave its last word, and skipped those behind it.
/// </summary>
static class CommittedSteps
{
    public static Invariant Invariant() => new("I2", "Each step of a run is committed exactly once and in order.");

    public static IEnumerable<string> In(StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions)
    {
        var completed = run.Facts.Select(fact => fact.Happened).OfType<StepCompleted>().Select(e => e.Step).ToList();
        var begun = run.Facts.Select(fact => fact.Happened).OfType<StepStarted>().Select(e => e.Step).ToList();
        if (run.Facts.Select(fact => fact.Happened).OfType<StateInherited>().FirstOrDefault() is { } inherited)
        {
            begun.InsertRange(0, Enumerable.Range(0, inherited.Step + 1));
            completed.InsertRange(0, Enumerable.Range(0, inherited.IsInStep ? inherited.Step : inherited.Step + 1));
        }

        var closing = run.Facts.Select(fact => fact.Happened).OfType<RunClosing>().FirstOrDefault();
        if (closing is not null)
            foreach (var steps in new[] { begun, completed }) Skip(steps, closing.Step);

        if (!completed.SequenceEqual(Enumerable.Range(0, completed.Count))) yield return $"{run} completed steps {string.Join(", ", completed)}";
        if (!begun.SequenceEqual(Enumerable.Range(0, begun.Count))) yield return $"{run} began steps {string.Join(", ", begun)}";
        if (begun.Count - completed.Count is not (0 or 1)) yield return $"{run} began {begun.Count} steps and completed {completed.Count}";

        if (run.Facts.Select(fact => fact.Happened).OfType<RunQueued>().FirstOrDefault() is not { } queued) yield break;
        if (!definitions.TryGetValue(queued.DefinitionHash, out var agent))
            yield return $"{run} obeys the definition {queued.DefinitionHash}, which is not stored";
        else if (run.Folded is { Status: RunStatus.Completed } && completed.Count != (closing is null ? agent.Steps.Count : closing.Step + 1))
            yield return $"{run} is completed with {completed.Count} of {agent.Steps.Count} steps";
    }

    /// <summary>Adds the steps that were left or skipped before a step.</summary>
    static void Skip(List<int> steps, int until)
    {
        var before = steps.Count(step => step < until);
        steps.InsertRange(before, Enumerable.Range(before, Math.Max(0, until - before)));
    }
}
