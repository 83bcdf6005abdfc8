using System.Text.Json.Serialization;

namespace Agents.Domain.Runs;

/// <summary>A tool call of the current turn.</summary>
/// <param name="Arguments">Null once it is settled; the fact keeps them.</param>
/// <param name="Worker">The worker that claimed it, for tools that must not run twice.</param>
/// <param name="Failure">Of the last failed attempt.</param>
/// <param name="AttemptsBefore">Attempts made before the run was last resumed; they do not count against the limit.</param>
/// <param name="Delay">How long after it was scheduled it may begin.</param>
/// <param name="Child">The run it started and waits for. Null for other tools, and when that has ended.</param>
/// <param name="HeldUsd">The budget of that run, in US dollars.</param>
/// <param name="Result">What it brought, where the step keeps results. Null otherwise.</param>
public sealed record ToolCall(
    string Tool, string? Arguments, ToolCallStatus Status, int Attempt, string? Worker = null, FailureKind? Failure = null, int AttemptsBefore = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] TimeSpan Delay = default,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? Child = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] decimal HeldUsd = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Result = null)
{
    /// <summary>As a fork begins with it: attempts of the other run do not count.</summary>
    internal static ToolCall From(InheritedToolCall call) =>
        new(call.Tool, call.Arguments, call.Status, call.Attempt, Failure: call.Failure, AttemptsBefore: call.Attempt, Result: call.Result);

    /// <summary>The call has another full round of attempts, because its run was resumed.</summary>
    public ToolCall Renewed() => this with { AttemptsBefore = Status is ToolCallStatus.Failed ? Attempt : AttemptsBefore };

    public bool IsSettled() => Status is ToolCallStatus.Completed or ToolCallStatus.Failed or ToolCallStatus.Denied;

    internal ToolCall Settled(ToolCallStatus status) => this with { Status = status, Arguments = null, Child = null, HeldUsd = 0 };
}

/// <summary>Stored by name: add, never rename.</summary>
public enum ToolCallStatus { AwaitingApproval, Scheduled, Started, Completed, Failed, Denied }
