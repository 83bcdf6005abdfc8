using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules between a run and the runs that draw on its budget: children, which it waits for, and forks, which continue it.</summary>
/// <remarks>Both hold their share of the budget until they end, so that together with the run they never spend more than the run may.</remarks>
static class FamilyRules
{
    /// <summary>Holds an even share of what is left for each run that the turn, or the list, still wants to start.</summary>
    public static Decision Start(Run run, AgentDefinition agent, RecordChildWanted report)
    {
        var decision = Decision.On(run, agent);
        if (run.Status is not RunStatus.Running || !run.IsAwaited(report.ToolCallId, report.Attempt)) return decision;
        if (run.ToolCalls[report.ToolCallId] is not { Status: ToolCallStatus.Scheduled } call) return decision;

        var left = run.MostUsd(agent.Limits) - run.CommittedUsd() - run.KeptUsd;
        if (RefusalOf(decision, call.Tool, report.Queued.Agent, left) is { } refusal)
            return RunDecider.Decide(run, agent, new RecordToolFailure(report.ToolCallId, report.Attempt, refusal, TimeSpan.Zero));

        var sharing = run.ToolCalls.Values.Count(other =>
            other.Tool == call.Tool && other.Status is ToolCallStatus.Scheduled or ToolCallStatus.AwaitingApproval);
        var held = ShareOf(left, sharing + ListRules.ItemsToCome(run, agent));
        return decision
            .Add(new ChildRunStarted(report.ToolCallId, report.Attempt, report.Child, report.Queued.Agent, held))
            .Begin(report.Child, report.Queued with { BudgetUsd = held });
    }

    /// <summary>Holds what the fork wants, else all that is left, or half of it while the run goes on. Nothing where there is too little.</summary>
    public static Decision Hold(Run run, AgentDefinition agent, HoldForFork command)
    {
        var decision = Decision.On(run, agent);
        foreach (var ended in command.Ended.Where(ended => IsFork(run, ended.Fork))) decision.Add(new ForkEnded(ended.Fork, ended.SpentUsd));
        if (run.BudgetUsd is null) return decision;

        var left = LeftForForks(decision.Run, agent);
        var held = command.WantedUsd ?? ShareOf(left, sharing: run.IsFinished() ? 1 : 2);
        if (held > 0 && held <= left) decision.Add(new ForkStarted(command.Fork, held));
        return ParkingRules.GoOnIfThereIsRoom(decision); // with what ended forks left over
    }

    /// <summary>Whether the fork draws on the run's budget and has not ended.</summary>
    public static bool IsFork(Run run, Guid fork) => run.Forks?.ContainsKey(fork) is true;

    public static decimal LeftForForks(Run run, AgentDefinition agent) =>
        Math.Max(0, run.MostUsd(agent.Limits) - run.OwedAtMostUsd() - (run.IsFinished() ? 0 : run.KeptUsd));

    /// <summary>Why the run may not start another one; null when it may.</summary>
    static Failure? RefusalOf(Decision decision, string tool, string wanted, decimal leftUsd)
    {
        var step = decision.Step();
        var allowed = step.GrantOf(tool)?.Agents ?? [];
        if (!allowed.Contains(wanted))
            return new(FailureKind.BadArguments, $"Step {step.Name} may ask {string.Join(", ", allowed)}; not \"{Sanitiser.Text(wanted, 60)}\".");
        if ((decision.Run.ChildOf?.Depth ?? 0) >= ChildOf.MostDepth)
            return new(FailureKind.CallLimit, $"Runs may start runs only {ChildOf.MostDepth} deep.");
        if (decision.Run.Children >= ChildOf.MostChildren)
            return new(FailureKind.CallLimit, $"A run may start only {ChildOf.MostChildren} runs.");
        return leftUsd <= 0 ? new(FailureKind.CostLimit, "Nothing is left of what the run may spend.") : null;
    }

    /// <summary>Whole millionths of a dollar, never more than there is.</summary>
    static decimal ShareOf(decimal leftUsd, int sharing)
    {
        const decimal Millionth = 0.000001m;
        var share = Math.Floor(leftUsd / Math.Max(sharing, 1) / Millionth) * Millionth;
        return share > 0 ? share : leftUsd;
    }
}
