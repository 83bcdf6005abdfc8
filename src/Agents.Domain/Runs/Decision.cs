using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The facts decided so far, and the run as they leave it.</summary>
public sealed class Decision
{
    readonly List<RunEvent> events = [];

    Decision(Run run, AgentDefinition agent) => (Run, Agent) = (run, agent);

    public Run Run { get; private set; }

    public AgentDefinition Agent { get; }

    /// <summary>Empty when the message came late or twice and changes nothing.</summary>
    public IReadOnlyList<RunEvent> Events => events;

    public static Decision On(Run run, AgentDefinition agent) => new(run, agent);

    /// <summary>The messages owed to workers once the facts are stored.</summary>
    public IEnumerable<Work> Work() => events.Any(e => e is RunResumed)
        ? Runs.Work.OwedBy(Run)
        : events.Select(e => Runs.Work.DueTo(Run.Id, e)).OfType<Work>();

    internal Decision Add(RunEvent decided)
    {
        events.Add(decided);
        Run = Run.Evolve(Run, decided);
        return this;
    }
}
