using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The facts decided so far, and the run as they leave it.</summary>
public sealed class Decision
{
    readonly List<RunEvent> events = [];
    readonly List<(Guid Run, RunQueued Queued)> begun = [];

    Decision(Run run, AgentDefinition agent) => (Before, Run, Agent) = (run, run, agent);

    /// <summary>The run that was decided on.</summary>
    public Run Before { get; }

    public Run Run { get; private set; }

    public AgentDefinition Agent { get; }

    /// <summary>Empty when the message came late or twice and changes nothing.</summary>
    public IReadOnlyList<RunEvent> Events => events;

    /// <summary>Runs that begin with these facts.</summary>
    public IReadOnlyList<(Guid Run, RunQueued Queued)> Begun => begun;

    /// <summary>The step begun last.</summary>
    internal StepDefinition Step() => Agent.Steps[Run.Step];

    public static Decision On(Run run, AgentDefinition agent) => new(run, agent);

    /// <summary>The messages owed to workers by these facts.</summary>
    public IEnumerable<Work> Work() => events.Any(e => e is RunResumed)
        ? Runs.Work.OwedBy(Run)
        : events.Select(e => Runs.Work.DueTo(Run.Id, e)).OfType<Work>().Where(IsStillDue).Concat(events.SelectMany(e => Runs.Work.DueToOthers(Run, e)));

    /// <summary>Not a call that is refused with the fact that asks for it.</summary>
    bool IsStillDue(Work work) =>
        work.Message is not RunTool tool || Run.ToolCalls.GetValueOrDefault(tool.ToolCallId) is { Status: ToolCallStatus.Scheduled };

    /// <summary>What becomes of the run's slot with these facts.</summary>
    public SlotUse Slot() => SlotUse.After(this);

    /// <summary>Of that work, what is sent with the facts; the node that gives the run a slot again sends the rest.</summary>
    public IEnumerable<Work> Due()
    {
        var slot = Slot();
        return Work().Where(slot.Sends);
    }

    /// <summary>Goes on with another rule on the run as it is left so far; what both decide is one decision.</summary>
    public Decision Then(Func<Run, AgentDefinition, Decision> rule)
    {
        var next = rule(Run, Agent);
        foreach (var decided in next.Events) Add(decided);
        begun.AddRange(next.Begun);
        return this;
    }

    internal Decision Begin(Guid run, RunQueued queued)
    {
        begun.Add((run, queued));
        return this;
    }

    internal Decision Add(RunEvent decided)
    {
        events.Add(decided);
        Run = Run.Evolve(Run, decided);
        return this;
    }
}
