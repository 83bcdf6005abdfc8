using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A run's row in <c>agents.run_queue</c>; what the projection and the engine's statements make of it.</summary>
sealed class QueueRow
{
    /// <summary>Whose slot the run holds. Null while it waits for one.</summary>
    public string? Node { get; set; }

    public SlotState State { get; set; }

    /// <summary>What it waits for beside a slot. Null for nothing.</summary>
    public SlotWait? WaitsFor { get; set; }

    /// <summary>It is given no slot before. Null means now.</summary>
    public int? NotBefore { get; set; }

    /// <summary>When a duty last looked after it.</summary>
    public int RedrivenAt { get; set; }

    /// <summary>Null when it has time.</summary>
    public int? DeadlineAt { get; set; }

    /// <summary>Null when nothing of it waits for an approval that must come in time.</summary>
    public int? ApproveBy { get; set; }

    /// <summary>When the wait under way ends by its time. Null when there is none, or it has no time.</summary>
    public int? WakeAt { get; set; }

    /// <summary>Takes the run for a slot of this node if it is ready for one, as <c>agents.admit</c> does.</summary>
    public bool TryAdmit(string node, int now)
    {
        if (!IsReady(now)) return false;
        (Node, RedrivenAt, NotBefore) = (node, now, null);
        if (WaitsFor is SlotWait.Rate) WaitsFor = null;
        return true;
    }

    public bool IsReady(int now) => Node is null && State is not SlotState.Settling && !(NotBefore > now)
        && (WaitsFor is null || WaitsFor is SlotWait.Rate && NotBefore is not null);

    /// <summary>As <c>Slots.Use</c>.</summary>
    public void Use(SlotUse use, int now)
    {
        if (use.IsKept()) return;

        if (use.Waits is Pending.Approval or Pending.Child or Pending.Wait)
            (Node, WaitsFor, NotBefore) = (
                null, use.Waits switch { Pending.Child => SlotWait.Child, Pending.Wait => SlotWait.Wait, _ => SlotWait.Approval }, null);
        else if (use.HeldBack is { } delay)
        {
            (WaitsFor, Node) = (null, use.Waits is Pending.Retry ? null : Node);
            NotBefore = Math.Min(now + SimulatedClock.In(delay), NotBefore > now ? NotBefore.Value : int.MaxValue);
        }
        else if (use.Waits is Pending.Retry)
        {
            if (NotBefore > now) Node = null;
        }
        else (Node, WaitsFor, NotBefore) = (null, null, null);
    }

    public override string ToString() => $"{State} of {Node ?? "no node"}, waits for {WaitsFor}, not before {NotBefore}, deadline {DeadlineAt}, approve by {ApproveBy}, wakes at {WakeAt}";
}

enum SlotState
{
    Waiting,
    Running,

    /// <summary>The run has ended or stands still, and what its workers have begun may have no outcome yet.</summary>
    Settling,
}

enum SlotWait
{
    Approval,
    Child,
    Rate,
    Wait,
}
