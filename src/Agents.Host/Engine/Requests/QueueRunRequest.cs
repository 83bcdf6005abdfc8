using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Host.Engine.Requests;

/// <summary>What is asked for.</summary>
/// <param name="Agent">Name of the agent; see <c>GET /agents</c>.</param>
/// <param name="Question">From 1 to 16,384 characters.</param>
/// <param name="Priority">0 to 9, 9 the most urgent, or <c>low</c>, <c>normal</c>, <c>high</c>, <c>urgent</c>. 5 when nothing is said.</param>
/// <param name="Metadata">The caller's own labels: at most 16, keys to 64 and values to 512 characters.</param>
/// <param name="BudgetUsd">US dollars this run may spend, above 0. Null means the agent's limit.</param>
/// <param name="ThreadId">
/// The conversation it belongs to: any name of 1 to 128 characters, or the id of the run that began it. Null means none.
/// </param>
/// <param name="Multitask">What happens when the thread has a run that has not ended: <c>reject</c> when nothing is said.</param>
/// <param name="NotBefore">The run does not begin before. What lies in the past means now; at most a year ahead.</param>
/// <param name="Deadline">The run fails if it is still queued or running then. Null means that only the agent's duration ends it.</param>
/// <param name="IdempotencyKey">
/// The caller's name for this request, 1 to 200 characters: one key, one run. The same as the header <c>Idempotency-Key</c>.
/// </param>
public sealed record QueueRunRequest(
    string? Agent, string? Question, JsonElement? Priority = null, IReadOnlyDictionary<string, string>? Metadata = null, decimal? BudgetUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ThreadId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Multitask? Multitask = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? NotBefore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deadline = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? IdempotencyKey = null);
