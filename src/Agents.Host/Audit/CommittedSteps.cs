using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Audit;

/// <summary>
/// I2: each step began where the one before it leads, and ended once; a completed run came to the end of its definition. A fork goes on from what it
/// continues. A run that closes leaves the step under way for the one that gives its last word, and takes none after it.
/// </summary>
static class CommittedSteps
{
    /// <summary>Positions shown of a run that took its steps in no order.</summary>
    const int MostShown = 20;

    public static Invariant Invariant() => new("I2", "Each step of a run is committed exactly once for each time it is taken, and in order.");

    public static IEnumerable<string> In(StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions)
    {
        if (run.Facts.Select(fact => fact.Happened).OfType<RunQueued>().FirstOrDefault() is not { } queued) yield break;
        if (!definitions.TryGetValue(queued.DefinitionHash, out var agent))
        {
            yield return $"{run} obeys the definition {queued.DefinitionHash}, which is not stored";
            yield break;
        }

        var way = new Way(agent);
        foreach (var fact in run.Facts)
        {
            way.Take(fact.Happened);
            if (way.IsWrong) break;
        }

        if (way.IsWrong)
            yield return $"{run} began steps {Shown(way.Begun)} and completed steps {Shown(way.Completed)}, which {agent.Name} does not";
        else if (run.Folded is { Status: RunStatus.Completed } && !way.IsAtEnd)
            yield return $"{run} is completed with {way.Completed.Count} of {agent.Steps.Count} steps";
    }

    static string Shown(List<int> steps) =>
        (steps.Count > MostShown ? "…, " : "") + string.Join(", ", steps.Skip(Math.Max(0, steps.Count - MostShown)));

    /// <summary>A run's way through its definition.</summary>
    sealed class Way(AgentDefinition agent)
    {
        int? next = 0; // the step to come
        int? open; // the step that has begun
        bool isClosing;

        public List<int> Begun { get; } = [];

        public List<int> Completed { get; } = [];

        /// <summary>A step began, was skipped or ended that could not.</summary>
        public bool IsWrong { get; private set; }

        public bool IsAtEnd => (next, open) is (null, null);

        public void Take(RunEvent? happened)
        {
            switch (happened)
            {
                case StateInherited e when e.Step < agent.Steps.Count:
                    Begun.AddRange(Enumerable.Range(0, e.Step + 1));
                    Completed.AddRange(Enumerable.Range(0, e.IsInStep ? e.Step : e.Step + 1));
                    (next, open) = e.IsInStep ? (null, e.Step) : (agent.After(e.Step), (int?)null);
                    break;
                case RunClosing e:
                    if (open != e.Step) (next, open) = (e.Step, null);
                    isClosing = true;
                    break;
                case StepStarted e:
                    Begun.Add(e.Step);
                    IsWrong = open is not null || next != e.Step;
                    (next, open) = (null, e.Step);
                    break;
                case StepSkipped e:
                    IsWrong = open is not null || next != e.Step;
                    if (!IsWrong) next = agent.AfterSkipping(e.Step);
                    break;
                case StepCompleted e:
                    Completed.Add(e.Step);
                    IsWrong = open != e.Step;
                    if (!IsWrong) (next, open) = (isClosing ? null : agent.After(e.Step), null);
                    break;
            }
        }
    }
}
