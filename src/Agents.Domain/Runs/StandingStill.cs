using Agents.Domain.Costs;

namespace Agents.Domain.Runs;

/// <summary>Why a run is paused, parked or has ended, and which command lets it go on.</summary>
static class StandingStill
{
    /// <summary>Null when the run is queued or running.</summary>
    /// <param name="standing">Null when nothing is known of it.</param>
    /// <param name="seesMoney">Whether the reader may see amounts.</param>
    public static Explanation? Of(Run run, Standing? standing, bool seesMoney) => run.Status switch
    {
        RunStatus.Completed => new("The run is completed. It does no more work.", []),
        RunStatus.Failed => Explanation.Held(new(
            "failed", $"The run has failed{Why(standing)} It does no more work.", standing?.Since, $"agents fork {run.Id}")),
        RunStatus.Cancelled => Explanation.Held(new(
            "cancelled", $"The run is cancelled{By(standing)}. It does no more work.", standing?.Since, $"agents fork {run.Id}")),
        RunStatus.Paused => Held(Doubt(run, "paused", standing), new(
            "paused", $"A person paused the run{By(standing)}. It goes on when it is resumed.", standing?.Since, $"agents resume {run.Id}")),
        RunStatus.Parked => Parked(run, standing, seesMoney),
        _ => null,
    };

    static Explanation Parked(Run run, Standing? standing, bool seesMoney)
    {
        if (run.AwaitsBudget is { } refusal) return Held(ForBudget(run, refusal, standing, seesMoney));

        var doubt = Doubt(run, "parked", standing);
        return doubt is not null && standing?.Failure is null or { Kind: FailureKind.OutcomeUnknown }
            ? Held(doubt)
            : Held(
                new("parked", $"The run is parked{Why(standing)} {Advice(standing?.Failure?.Kind)}", standing?.Since, $"agents resume {run.Id}"),
                doubt);
    }

    static Explanation Held(params IEnumerable<Obstacle?> obstacles)
    {
        var held = obstacles.OfType<Obstacle>().ToList();
        return new(string.Join(' ', held.Select(obstacle => obstacle.Detail)), held);
    }

    /// <summary>Null when it is known of each call whether it had its effect.</summary>
    static Obstacle? Doubt(Run run, string kind, Standing? standing)
    {
        if (run.CallsInDoubt().ToList() is not [var first, ..] doubtful) return null;

        var names = string.Join(", ", doubtful.Select(id => $"{run.ToolCalls[id].Tool} ({id})"));
        return new(
            kind,
            $"{names} may have had {(doubtful.Count == 1 ? "its" : "their")} effect, and resuming will not make the call again. Look first, then say "
            + "what became of it: --result TEXT, --failed TEXT or --again.",
            standing?.Since, $"agents resolve-call {run.Id} {first} --result TEXT");
    }

    static Obstacle ForBudget(Run run, BudgetRefusal refusal, Standing? standing, bool seesMoney)
    {
        var isUnpriced = refusal.WantedUsd is null;
        var whatToDo = isUnpriced ? "Give the model a price, then resume the run." : "It goes on by itself when there is room.";
        return new(
            "budget", $"{(seesMoney ? refusal.Text() : refusal.Reason())} {whatToDo}", standing?.Since,
            isUnpriced ? $"agents resume {run.Id}" : CommandFor(refusal.Budget));
    }

    /// <summary>What makes room in a budget.</summary>
    static string CommandFor(BudgetName budget) => budget.Scope is BudgetScope.Run
        ? $"agents budgets set run:{budget.Value} USD"
        : $"agents budgets raise {Word(budget.Scope)}:{budget.Value} USD --period {Word(budget.Period)}";

    static string Word(Enum word) => word.ToString().ToLowerInvariant();

    static string Advice(FailureKind? kind) => kind switch
    {
        FailureKind.Unauthorized => "Set the right key of the provider and start the server anew, then resume the run.",
        FailureKind.Rejected => "Often the name of the model or the length is wrong. Put that right, then resume the run.",
        FailureKind.RateLimited => "Wait, or have the provider's limit raised, then resume the run.",
        FailureKind.Unavailable or FailureKind.Timeout or FailureKind.StreamCut => "Look at the provider and the network, then resume the run.",
        FailureKind.WorkerLost => "Look at why the server died each time, then resume the run.",
        FailureKind.ToolError or FailureKind.BadArguments => "Repair the tool, or what it depends on; resuming makes the failed calls again.",
        _ => "Put that right, then resume the run.",
    };

    static string Why(Standing? standing) => standing?.Failure is { } failure ? $" ({failure.Kind}): {Ended(failure.Message)}" : ".";

    static string By(Standing? standing) =>
        standing?.Said is { } said ? $", by {said.TrimEnd(' ', ':', '.')}" : "";

    static string Ended(string sentence) => sentence.TrimEnd() is [.., '.' or '!' or '?'] whole ? whole : sentence.TrimEnd() + ".";
}
