using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The facts of one run, its checkpoint and its row in the queue: what PostgreSQL keeps, each append one transaction.</summary>
sealed class EventLog(Guid runId, Checks checks, Mutant mutant, int? deadline)
{
    readonly List<Stored> stored = [];

    public IReadOnlyList<Stored> Facts => stored;

    /// <summary>The run after the last fact.</summary>
    public Run Run { get; private set; } = Run.Before(runId);

    public int Version => stored.Count;

    /// <summary>Null while nobody need look after the run.</summary>
    public QueueRow? Row { get; set; }

    /// <summary>Facts that follow a history they were not decided on.</summary>
    public int Stale { get; private set; }

    /// <summary>Stores facts behind the version they were decided on. False when the history has gone on since.</summary>
    public bool Append(int expected, IReadOnlyList<RunEvent> facts, string by, int now)
    {
        if (expected != Version)
        {
            if (mutant is not Mutant.AppendWithoutExpectedVersion) return false;
            Stale++;
        }

        foreach (var fact in facts)
        {
            checks.Fact(fact);
            Run = Run.Evolve(Run, fact);
            stored.Add(new(Version + 1, fact, now, by));
            Row = RowAfter(fact, now);
        }

        return true;
    }

    /// <summary>In the transaction of the facts from which it follows.</summary>
    public void Use(SlotUse? use, int now)
    {
        if (use is null || use.IsKept() || Row is not { State: SlotState.Running } row) return;

        if (use.Waits is Pending.Approval or Pending.Child) Row = row with { Node = null, WaitsForPeople = true, NotBefore = null };
        else if (use.HeldBack is { } delay)
            Row = row with
            {
                Node = use.Waits is null ? row.Node : null,
                WaitsForPeople = false,
                NotBefore = Math.Min(now + (int)Math.Min(1000, delay.TotalSeconds * World.TicksPerSecond), row.NotBefore > now ? row.NotBefore.Value : int.MaxValue),
            };
        else if (use.Waits is Pending.Retry) Row = row.NotBefore > now ? row with { Node = null } : row;
        else Row = row with { Node = null, WaitsForPeople = false, NotBefore = null };
    }

    QueueRow? RowAfter(RunEvent fact, int now) => fact switch
    {
        RunQueued => new(Node: null, SlotState.Waiting, now, now + deadline),
        RunStarted e => Row! with { Node = e.Worker, State = SlotState.Running },
        RunResumed => Row is { State: SlotState.Running } ? Row with { Node = null } : new(Node: null, SlotState.Running, now, now + deadline),
        RunPaused or RunParked or RunCompleted or RunFailed or RunCancelled =>
            IsOpen() ? Row! with { State = SlotState.Settling, DeadlineAt = null } : null,
        _ => Row is { State: SlotState.Settling } && !IsOpen() ? null : Row,
    };

    /// <summary>Whether somebody has begun what has no outcome yet.</summary>
    bool IsOpen() => mutant is not Mutant.EndedRunsNotWatched
        && (Run.ModelCall is { Status: AttemptStatus.Started } || Run.ToolCalls.Values.Any(call => call.Status is ToolCallStatus.Started));
}

/// <param name="By">The node that stored it.</param>
sealed record Stored(int Version, RunEvent Fact, int At, string By);

/// <param name="Node">Whose slot the run holds; null while it waits, or until a node takes up a resumed run.</param>
/// <param name="RedrivenAt">When its outstanding work was last sent again.</param>
/// <param name="DeadlineAt">Null when it has time.</param>
/// <param name="NotBefore">It is given no slot before. Null means now.</param>
/// <param name="WaitsForPeople">It is given no slot at all.</param>
sealed record QueueRow(string? Node, SlotState State, int RedrivenAt, int? DeadlineAt, int? NotBefore = null, bool WaitsForPeople = false)
{
    /// <summary>Whether it may be given a slot.</summary>
    public bool IsDue(int now) => !WaitsForPeople && !(NotBefore > now);
}

enum SlotState
{
    Waiting,
    Running,

    /// <summary>The run has ended or stands still, and what its workers have begun has no outcome yet.</summary>
    Settling,
}
