using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>One try of a model call.</summary>
/// <param name="Number">From 1; raised by each retry.</param>
/// <param name="Worker">The worker that claimed it. Null until it is started.</param>
/// <param name="ReservedUsd">The most it can cost. Null until it is started, or without a price.</param>
/// <param name="AttemptsBefore">Attempts made before the run was last resumed; they do not count against the limit.</param>
/// <param name="Delay">How long after it was scheduled it may begin.</param>
public sealed record ModelAttempt(
    int Call, int Number, AttemptStatus Status, string? Worker = null, decimal? ReservedUsd = null, int AttemptsBefore = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] TimeSpan Delay = default)
{
    internal ModelAttempt Again(ModelCallScheduled next) =>
        this with { Number = next.Attempt, Status = AttemptStatus.Scheduled, Worker = null, ReservedUsd = null, Delay = next.Delay };

    /// <summary>The call has another full round of attempts, because its run was resumed.</summary>
    public ModelAttempt Renewed() => this with { AttemptsBefore = Status is AttemptStatus.Failed ? Number : AttemptsBefore };
}

/// <summary>Stored by name: add, never rename.</summary>
public enum AttemptStatus { Scheduled, Started, Failed }

/// <summary>An attempt that may have been billed: between a low and a high bound, the high one null without a price.</summary>
public sealed record UnconfirmedAttempt(int Call, int Attempt, decimal LowUsd, decimal? HighUsd);
