using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Log;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The facts of one run, its checkpoint and its row in the queue: what PostgreSQL keeps of it.</summary>
sealed class EventLog(World world, Guid runId, AgentDefinition agent)
{
    (int? WakeAt, bool IsWaiting) wait; // as the summary has it
    LoggedFact[] facts = new LoggedFact[16];
    int count;

    public Guid Id => runId;

    public AgentDefinition Agent => agent;

    public Checks Checks { get; } = new(world, runId, agent);

    /// <summary>The run after the last fact.</summary>
    public Run Run { get; private set; } = Run.Before(runId);

    public int Version => count;

    public ReadOnlySpan<LoggedFact> Facts => facts.AsSpan(0, count);

    /// <summary>The tick of the last fact.</summary>
    public int LastAt { get; private set; }

    /// <summary>Null when it is settled.</summary>
    public QueueRow? Row { get; set; }

    public RunQueued Queued => (RunQueued)facts[0].Happened;

    /// <summary>The run as it is read; what is stored later does not change it.</summary>
    public LoadedRun Load(long? version)
    {
        if (version is not { } upTo || upTo >= count) return new(Run, new ArraySegment<LoggedFact>(facts, 0, count));
        return LoadedRun.Of(runId, new ArraySegment<LoggedFact>(facts, 0, (int)upTo))!;
    }

    public void Append(RunEvent fact)
    {
        Checks.Fact(fact);
        Run = Run.Evolve(Run, fact);
        if (count == facts.Length) Array.Resize(ref facts, count * 2);
        facts[count++] = new(fact, SimulatedClock.At(world.Now));
        LastAt = world.Now;
        Project(fact);
    }

    /// <summary>As the projection <c>RunQueue</c>.</summary>
    void Project(RunEvent fact)
    {
        switch (fact)
        {
            case RunQueued:
                Row = new() { DeadlineAt = world.Now + world.Faults.Deadline };
                break;
            case RunStarted e when Row is { } row:
                (row.State, row.Node) = (SlotState.Running, row.WaitsFor is null ? e.Worker : null);
                break;
            case ToolCallRequested { ApprovalWithin: { } within } when Row is { } row:
                row.ApproveBy = world.Now + SimulatedClock.In(within);
                break;
            case WaitStarted e:
                wait = (e.EndsBy(SimulatedClock.At(world.Now)) is { } time ? SimulatedClock.TickOf(time) : null, true);
                if (Row is not null) Row.WakeAt = wait.WakeAt;
                break;
            case WaitEnded:
                wait = default;
                if (Row is not null) Row.WakeAt = null;
                break;
            case RunResumed:
                Row ??= new() { WaitsFor = wait.IsWaiting ? SlotWait.Wait : null };
                Row.WakeAt = wait.WakeAt;
                (Row.State, Row.Node, Row.DeadlineAt) = (SlotState.Running, null, world.Now + world.Faults.Deadline);
                break;
            case RunPaused or RunParked or RunFailed or RunCancelled when world.Mutant is Mutant.EndedRunsNotWatched:
                Row = null;
                break;
            case RunPaused or RunParked or RunFailed or RunCancelled when Row is { } row:
                (row.State, row.RedrivenAt) = (SlotState.Settling, -1000);
                break;
            case RunCompleted:
                Row = null;
                break;
        }
    }
}
