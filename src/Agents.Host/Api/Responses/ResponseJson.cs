using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Host.Api.Responses;

/// <summary>The things of a response in OpenAI's words.</summary>
/// <remarks>
/// Source: the types of openai-node 7.57, <c>resources/responses/responses.d.ts</c>; order and identity of items as its accumulator checks them.
/// </remarks>
static class ResponseJson
{
    /// <summary>Whose tools they are: this server's.</summary>
    const string ServerLabel = "agents";

    public static ResponseEvent Event(long sequence, string type, JsonObject data, long? textFrom = null)
    {
        var named = new JsonObject { ["type"] = type, ["sequence_number"] = sequence };
        foreach (var (name, value) in data.ToList())
        {
            data.Remove(name);
            named[name] = value;
        }

        return new(sequence, type, named, textFrom);
    }

    public static string MessageId(Guid runId, int call, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"msg_{runId:N}_{call}_{attempt}");

    /// <param name="part">Null before it has any.</param>
    public static JsonObject Message(string id, string status, JsonObject? part) => new()
    {
        ["id"] = id, ["type"] = "message", ["status"] = status, ["role"] = "assistant",
        ["content"] = part is null ? new JsonArray() : new JsonArray(part),
    };

    public static JsonObject TextPart(string text, IEnumerable<JsonObject> annotations) => new()
    {
        ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray([.. annotations.Select(one => one.DeepClone())]),
        ["logprobs"] = new JsonArray(),
    };

    /// <summary>One for each citation, where the text has it first.</summary>
    public static IReadOnlyList<JsonObject> Annotations(ModelReply reply) =>
    [
        .. reply.Citations.Select(cited => new JsonObject
        {
            ["type"] = "file_citation", ["file_id"] = cited.DocumentId, ["filename"] = cited.Source,
            ["index"] = Citations.PositionOf(reply.Text, cited.Number),
        }),
    ];

    public static JsonObject Search(Guid runId, PassagesRetrieved e, string status, Include include)
    {
        var best = e.Passages.Select(passage => passage.Score).DefaultIfEmpty(0).Max();
        var results = e.Passages.Select(passage => (JsonNode)new JsonObject
        {
            ["file_id"] = passage.DocumentId,
            ["filename"] = passage.Source,
            ["score"] = best > 0 ? Math.Clamp(passage.Score / best, 0, 1) : 0, // comparable within one search only
            ["text"] = passage.Text,
            ["attributes"] = new JsonObject
            {
                ["passage_id"] = passage.PassageId, ["document_version"] = passage.DocumentVersion, ["title"] = passage.Title
            },
        });
        return new()
        {
            ["id"] = $"fs_{runId:N}_{e.ToolCallId}", ["type"] = "file_search_call", ["status"] = status, ["queries"] = new JsonArray(e.Query),
            ["results"] = include.SearchResults && status == "completed" ? new JsonArray([.. results]) : null,
        };
    }

    public static JsonObject Tool(
        Guid runId, ToolCallRequested call, int attempt, string status, string? result, Failure? failure, string? approvalId) => new()
    {
        ["id"] = string.Create(CultureInfo.InvariantCulture, $"mcp_{runId:N}_{call.ToolCallId}_{attempt}"), ["type"] = "mcp_call",
        ["status"] = status,
        ["server_label"] = ServerLabel, ["name"] = call.Tool, ["arguments"] = call.Arguments, ["output"] = result,
        ["error"] = failure is null ? null : new JsonObject
        {
            ["type"] = "mcp_tool_execution_error", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = failure.Message }),
        },
        ["approval_request_id"] = approvalId,
    };

    public static JsonObject ApprovalRequest(Guid runId, ToolCallRequested call) => new()
    {
        ["id"] = ResponseIds.OfApproval(runId, call.ToolCallId), ["type"] = "mcp_approval_request", ["server_label"] = ServerLabel,
        ["name"] = call.Tool, ["arguments"] = call.Arguments,
    };

    public static JsonObject Answer(Guid runId, ApprovalAnswer answer) => new()
    {
        ["id"] = $"mcpa_{runId:N}_{answer.ToolCallId}", ["type"] = "mcp_approval_response",
        ["approval_request_id"] = ResponseIds.OfApproval(runId, answer.ToolCallId), ["approve"] = answer.IsApproved, ["reason"] = answer.Reason,
    };

    /// <summary>The messages a run was asked with, oldest first.</summary>
    public static IEnumerable<JsonObject> Messages(Guid runId, RunQueued queued) =>
        (queued.Brief?.Earlier ?? []).Append(new(Speaker.User, queued.Question)).Select((message, position) => new JsonObject
        {
            ["id"] = string.Create(CultureInfo.InvariantCulture, $"msg_{runId:N}_in_{position + 1}"), ["type"] = "message", ["status"] = "completed",
            ["role"] = message.By is Speaker.User ? "user" : "assistant",
            ["content"] = new JsonArray(message.By is Speaker.User
                ? new JsonObject { ["type"] = "input_text", ["text"] = message.Text }
                : TextPart(message.Text, [])),
        });

    /// <summary>OpenAI counts cached and written tokens within the input, reasoning within the output.</summary>
    public static JsonObject Usage(Usage usage) => new()
    {
        ["input_tokens"] = usage.TotalInput(),
        ["input_tokens_details"] = new JsonObject
        {
            ["cached_tokens"] = usage.CachedInputTokens, ["cache_write_tokens"] = usage.CacheWrite5MinutesTokens + usage.CacheWrite1HourTokens,
        },
        ["output_tokens"] = usage.TotalOutput(),
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = usage.ReasoningTokens },
        ["total_tokens"] = usage.Total(),
    };

    public static JsonObject Error(Failure failure) => new()
    {
        ["code"] = failure.Kind is FailureKind.RateLimited
            ? "rate_limit_exceeded"
            : JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.Kind.ToString()),
        ["message"] = failure.Message,
    };
}
