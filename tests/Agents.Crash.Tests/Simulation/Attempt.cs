using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>One attempt of a model call: what the log says of it, and what the provider knows.</summary>
sealed class Attempt(ModelCallStarted started)
{
    public ModelCallStarted Started => started;

    /// <summary>What the provider received. Null when it was never sent.</summary>
    public Request? Request { get; set; }

    /// <summary>Null while it is under way.</summary>
    public RunEvent? Outcome { get; set; }

    /// <summary>What an unknown outcome did cost, after all. Null while nobody knows.</summary>
    public decimal? ResolvedUsd { get; set; }

    public bool IsConfirmed() => Outcome is ModelCallCompleted || ResolvedUsd is not null;

    public bool IsUnconfirmed() => Outcome is ModelCallOutcomeUnknown && ResolvedUsd is null;

    public decimal ConfirmedUsd() => Outcome switch
    {
        ModelCallCompleted e => e.Cost?.Usd ?? 0,
        ModelCallFailed e => e.Cost?.Usd ?? 0,
        _ => ResolvedUsd ?? 0,
    };

    /// <summary>What it may have cost besides, at most: of no known outcome, or answered without usage.</summary>
    public decimal UnconfirmedUsd() => Outcome switch
    {
        ModelCallCompleted { Cost: null } => started.ReservedUsd ?? 0,
        ModelCallOutcomeUnknown e when ResolvedUsd is null => e.HighUsd ?? e.LowUsd,
        _ => 0,
    };

    /// <exception cref="ViolationException">The provider billed less than is confirmed, or more than may be.</exception>
    public void RequireBounds(World world)
    {
        var (billed, low) = (Request?.BilledUsd ?? 0, ConfirmedUsd() + (IsUnconfirmed() && Outcome is ModelCallOutcomeUnknown e ? e.LowUsd : 0));
        if (billed < low || billed > ConfirmedUsd() + UnconfirmedUsd())
            throw world.Violated(new(Invariant.BilledWithinBounds, $"{billed} billed for {started}, known as {Outcome}"));
    }
}
