using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Host.Api.Runs;

namespace Agents.Host.Api.Batches;

/// <summary>A batch that was accepted.</summary>
/// <param name="Queued">Items that began a run.</param>
/// <param name="Repeated">Items whose own idempotency key had begun a run before.</param>
/// <param name="Refused">Items with a problem; nothing was done for them.</param>
/// <param name="Items">In the order of the request.</param>
public sealed record QueuedBatch(Guid Id, string Url, int Queued, int Repeated, int Refused, IReadOnlyList<BatchResult> Items);

/// <summary>What became of one item when the batch was accepted.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Status">queued, repeated or refused.</param>
/// <param name="RunId">Null when it was refused.</param>
/// <param name="Problem">Null when it was not refused.</param>
public sealed record BatchResult(int Index, string Status, Guid? RunId, BatchProblem? Problem);

/// <summary>Why an item was refused; the same words as if it had come alone.</summary>
public sealed record BatchProblem(int Status, string Title, string Detail);

/// <summary>How far a batch is.</summary>
/// <param name="Items">Of the request, refused ones included.</param>
/// <param name="CostUsd">US dollars of priced calls, exact. Null for callers who may not see money.</param>
/// <param name="RequestedByKey">The id of the caller's key. Null when the server needed none.</param>
/// <param name="UnpricedCalls">Completed calls whose cost is unknown, not zero.</param>
/// <param name="StartedAt">When the first run began; null before.</param>
/// <param name="FinishedAt">When the last run ended; null until all have.</param>
/// <param name="Incomplete">Completed runs whose answer was cut off.</param>
/// <param name="IsFinished">No run will do anything more. Parked and paused ones can be resumed, so they count as unfinished.</param>
public sealed record BatchView(
    Guid Id, string RequestedBy, DateTimeOffset QueuedAt, int Items, int Refused, int Queued, int Running, int Paused, int Parked,
    int Completed, int Failed, int Cancelled, decimal? CostUsd, int UnpricedCalls, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt,
    bool IsFinished, string? RequestedByKey, int Incomplete = 0);

/// <summary>One item of a batch as it stands now.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Status">That of its run, or refused.</param>
/// <param name="Failure">Why the run is parked or failed; null otherwise.</param>
/// <param name="CostUsd">Null when it was refused, and for callers who may not see money.</param>
/// <param name="Problem">Why the item was refused; null when it was not.</param>
/// <param name="Incomplete">
/// What cut the answer: length or content_filter; or why it was given early: budget or calls. Null when it is whole, or there is none yet.
/// </param>
/// <param name="Output">The answer as JSON that fits the schema of the last step. Null when that has none, or there is no answer yet.</param>
public sealed record BatchItemView(
    int Index, string Status, Guid? RunId, string? Question, string? Answer, JsonElement? Citations, FailureView? Failure, decimal? CostUsd,
    BatchProblem? Problem, string? Incomplete = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Output = null);
