using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>When the next model of a step takes over, and what a run says that has asked them all.</summary>
/// <remarks>
/// Decided by the facts alone. A step stays with the model that was asked last, so that one which is down costs its time once in a step; the next
/// step, and a run that is resumed, begin with the first model again.
/// </remarks>
static class FallbackRules
{
    /// <summary>UTF-16 units of what each model said that are kept for the run's failure.</summary>
    const int SaidCharacters = 200;

    /// <summary>Whether another model may help: the call failed, rather than a budget.</summary>
    public static bool CanTakeOver(FailureKind kind) => kind is FailureKind.RateLimited or FailureKind.Timeout or FailureKind.Unavailable
        or FailureKind.StreamCut or FailureKind.WorkerLost or FailureKind.Rejected or FailureKind.Unauthorized or FailureKind.OutcomeUnknown
        or FailureKind.Unpriced or FailureKind.EmptyReply;

    /// <summary>The position of the model that takes over when the present one has no try left. Null when none does.</summary>
    public static int? Next(Decision decision, FailureKind kind)
    {
        var run = decision.Run;
        return FallbackOf(decision) is { } fallback && run.Fallback < fallback.Models.Count
            && CanTakeOver(kind) && (fallback.On?.Contains(kind) ?? true)
            ? run.Fallback + 1
            : null;
    }

    /// <summary>The limits by which the present model is tried again: fewer tries when another one can take over.</summary>
    public static Limits LimitsOf(Decision decision, FailureKind kind) => Next(decision, kind) is null
        ? decision.Agent.Limits
        : decision.Agent.Limits with { Attempts = FallbackOf(decision)!.Attempts };

    /// <summary>The failure of a run that has asked more than one model: each by name, and what it said.</summary>
    public static Failure Named(Decision decision, Failure failure)
    {
        var run = decision.Run;
        if (run.ModelCall?.Left is not { Count: > 0 } left) return failure;

        var models = ModelsOf(decision);
        var said = left.Append(new(run.Fallback, failure.Message))
            .Select(model => $"{models[model.Fallback]}: {Sanitiser.Text(model.Said, SaidCharacters)}");
        return failure with { Message = $"No model answered. {string.Join(" | ", said)}" };
    }

    /// <summary>The models of the step under way.</summary>
    public static IReadOnlyList<string> ModelsOf(Decision decision) => decision.Agent.ModelsOf((ModelStep)decision.Step(), decision.Run.Model);

    static Fallback? FallbackOf(Decision decision) => decision.Agent.FallbackOf((ModelStep)decision.Step());
}
