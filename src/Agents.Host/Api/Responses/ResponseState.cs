using System.Text.Json.Nodes;
using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Host.Api.Responses;

/// <summary>How a response stands.</summary>
/// <param name="Status">In OpenAI's words, such as <c>in_progress</c>.</param>
/// <param name="CompletedAt">Null unless it was completed.</param>
/// <param name="Failure">Null unless it failed.</param>
/// <param name="Incomplete">As <see cref="RunCompleted.Incomplete"/>.</param>
sealed record ResponseState(
    string Status, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt, Usage Usage, Failure? Failure, string? Incomplete = null)
{
    /// <summary>The response as OpenAI shows it.</summary>
    /// <param name="part">Which of the run's responses it is, from 1.</param>
    public JsonObject Json(Guid runId, int part, RunQueued queued, IEnumerable<JsonObject> items, bool hasEnded)
    {
        var response = Standing(runId, part, queued, items, hasEnded);
        ResponseWishes.AddTo(response, queued.Brief);
        return response;
    }

    JsonObject Standing(Guid runId, int part, RunQueued queued, IEnumerable<JsonObject> items, bool hasEnded) => new()
    {
        ["id"] = ResponseIds.Of(runId, part),
        ["object"] = "response",
        ["created_at"] = CreatedAt.ToUnixTimeSeconds(),
        ["status"] = Status,
        ["background"] = queued.Brief?.IsAwaited is not true,
        ["completed_at"] = CompletedAt?.ToUnixTimeSeconds(),
        ["error"] = Failure is null ? null : ResponseJson.Error(Failure),
        ["incomplete_details"] = Status == "incomplete"
            ? new JsonObject { ["reason"] = Incomplete == "length" ? "max_output_tokens" : Incomplete }
            : null,
        ["instructions"] = queued.Brief?.Instructions,
        ["max_output_tokens"] = queued.Brief?.OutputTokens,
        ["max_tool_calls"] = null,
        ["model"] = queued.Agent,
        ["output"] = new JsonArray([.. items.Select(item => item.DeepClone())]),
        ["parallel_tool_calls"] = true,
        ["previous_response_id"] = part > 1 ? ResponseIds.Of(runId, part - 1)
            : queued.Previous is { } previous ? ResponseIds.Of(previous, queued.Brief?.PreviousPart ?? 1) : null,
        ["reasoning"] = new JsonObject { ["effort"] = null, ["summary"] = null },
        ["service_tier"] = ServiceTiers.Of(queued.Priority),
        ["store"] = true,
        ["temperature"] = 1.0,
        ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["top_logprobs"] = 0,
        ["top_p"] = 1.0,
        ["truncation"] = null,
        ["usage"] = hasEnded ? ResponseJson.Usage(Usage) : null,
        ["user"] = null,
        ["metadata"] = new JsonObject(
            (queued.Metadata ?? new Dictionary<string, string>()).Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))),
    };
}
