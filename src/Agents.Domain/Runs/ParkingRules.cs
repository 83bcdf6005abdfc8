using Agents.Domain.Costs;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>When the system stops a run, and when one that waits for a budget goes on by itself.</summary>
static class ParkingRules
{
    /// <summary>A run that is parked for its own budget goes on when that has room again. Asked after every fact that can make room.</summary>
    public static Decision GoOnIfThereIsRoom(Decision decision) =>
        decision.Run is { Status: RunStatus.Parked, AwaitsBudget: { Budget.Scope: BudgetScope.Run } refusal } && IsRoomFor(decision, refusal)
            ? GoOn(decision, refusal)
            : decision;

    /// <summary>The run goes on by itself, for the budget that it waited for has room.</summary>
    public static Decision GoOn(Decision decision, BudgetRefusal refusal) =>
        RunDecider.Continue(decision.Add(new RunResumed(RunDecider.BySystem, $"There is room in {refusal.Budget}.")));

    static bool IsRoomFor(Decision decision, BudgetRefusal refusal)
    {
        var (spent, most) = (decision.Run.CommittedUsd(), decision.Run.MostUsd(decision.Agent.Limits));
        return spent < most && spent + (refusal.LeastUsd ?? 0) <= most;
    }

    /// <summary>Stops a run that runs. One that failed for want of money waits for its own budget.</summary>
    public static Decision Park(Decision decision, Failure failure)
    {
        var run = decision.Run;
        if (run.Status is not RunStatus.Running) return decision;

        var most = run.MostUsd(decision.Agent.Limits);
        var isSpent = failure.Kind is FailureKind.CostLimit && run.CommittedUsd() >= most;
        return decision.Add(new RunParked(failure, isSpent ? run.Refusal(most, wantedUsd: 0, leastUsd: 0) : null));
    }
}
