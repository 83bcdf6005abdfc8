using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>One try of a model call.</summary>
/// <param name="Number">From 1; raised by each retry.</param>
/// <param name="Worker">The worker that claimed it. Null until it is started.</param>
/// <param name="ReservedUsd">The most it can cost. Null until it is started, or without a price.</param>
/// <param name="AttemptsBefore">
/// Attempts made before the run was last resumed, or before another model took over; they do not count against the limit.
/// </param>
/// <param name="Delay">How long after it was scheduled it may begin.</param>
/// <param name="Model">The model that has taken over. Null when the step's own is asked.</param>
/// <param name="Left">The models that were asked before and left, in order. Null when there were none.</param>
public sealed record ModelAttempt(
    int Call, int Number, AttemptStatus Status, string? Worker = null, decimal? ReservedUsd = null, int AttemptsBefore = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] TimeSpan Delay = default,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<LeftModel>? Left = null)
{
    internal static ModelAttempt First(ModelCallScheduled first) =>
        new(first.Call, first.Attempt, AttemptStatus.Scheduled, Delay: first.Delay, Model: first.FallbackModel());

    /// <param name="before">Position of the model that was asked before.</param>
    internal ModelAttempt Again(ModelCallScheduled next, int before) => this with
    {
        Number = next.Attempt, Status = AttemptStatus.Scheduled, Worker = null, ReservedUsd = null, Delay = next.Delay, Model = next.FallbackModel(),
        AttemptsBefore = next.Fallback == before ? AttemptsBefore : Number,
        Left = next.Because is { } because ? [.. Left ?? [], new(before, because.Message)] : Left,
    };

    /// <summary>The call has another full round of attempts, because its run was resumed.</summary>
    public ModelAttempt Renewed() => Status is AttemptStatus.Failed ? this with { AttemptsBefore = Number, Left = null } : this;

    /// <summary>The run closes: what was scheduled is not made as it was meant, and the last word has a full round of attempts.</summary>
    internal ModelAttempt GivenUp() => this with { Status = AttemptStatus.Failed, AttemptsBefore = Number, Left = null };
}

/// <summary>A model that another one has taken over from.</summary>
/// <param name="Fallback">Its position among the models of the step.</param>
/// <param name="Said">Why it was left.</param>
public sealed record LeftModel(int Fallback, string Said);

/// <summary>Stored by name: add, never rename.</summary>
public enum AttemptStatus { Scheduled, Started, Failed }

/// <summary>An attempt that may have been billed: between a low and a high bound, the high one null without a price.</summary>
public sealed record UnconfirmedAttempt(int Call, int Attempt, decimal LowUsd, decimal? HighUsd);
