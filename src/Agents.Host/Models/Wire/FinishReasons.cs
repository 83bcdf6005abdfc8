using Agents.Domain.Runs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>The words in which servers say why a reply ended.</summary>
static class FinishReasons
{
    /// <summary>Lower case. What is not listed means that the model had said what it wanted.</summary>
    static readonly Dictionary<string, ChatFinishReason> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["length"] = ChatFinishReason.Length,
        ["max_tokens"] = ChatFinishReason.Length,
        ["max_length"] = ChatFinishReason.Length,
        ["max_output_tokens"] = ChatFinishReason.Length,
        ["model_length"] = ChatFinishReason.Length,
        ["model_context_window_exceeded"] = ChatFinishReason.Length,
        ["tool_calls"] = ChatFinishReason.ToolCalls,
        ["tool_call"] = ChatFinishReason.ToolCalls,
        ["tool_use"] = ChatFinishReason.ToolCalls,
        ["function_call"] = ChatFinishReason.ToolCalls,
        ["content_filter"] = ChatFinishReason.ContentFilter,
        ["content_filtered"] = ChatFinishReason.ContentFilter,
        ["refusal"] = ChatFinishReason.ContentFilter,
        ["safety"] = ChatFinishReason.ContentFilter,
        ["sensitive"] = ChatFinishReason.ContentFilter,
        ["recitation"] = ChatFinishReason.ContentFilter,
        ["blocklist"] = ChatFinishReason.ContentFilter,
        ["prohibited_content"] = ChatFinishReason.ContentFilter,
    };

    /// <summary>Words for a reply that the server gave up: what came of it is not all.</summary>
    static readonly HashSet<string> Failures = new(StringComparer.OrdinalIgnoreCase)
    {
        "error", "abort", "aborted", "cancelled", "canceled", "network_error", "server_error", "insufficient_system_resource",
    };

    /// <exception cref="ProviderFailedException">It is the word for a reply that the server gave up.</exception>
    public static ChatFinishReason Of(string reason) => Failures.Contains(reason)
        ? throw new ProviderFailedException(FailureKind.Unavailable, $"The provider ended its reply with '{WireJson.Start(reason)}'.")
        : Known.GetValueOrDefault(reason, ChatFinishReason.Stop);
}
