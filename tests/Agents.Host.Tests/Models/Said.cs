using Agents.Host.Models;

namespace Agents.Host.Tests.Models;

/// <summary>Parts of replies as they stand on the wire.</summary>
static class Said
{
    public const string Done = "[DONE]";

    public const string UsageChunk =
        """{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}""";

    /// <summary>A chunk of OpenAI's stream.</summary>
    public static string Chunk(string delta, string finishReason = "null") =>
        $$"""{"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o-mini","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finishReason}}}]}""";

    public static string Tool(string call) => Chunk($$"""{"tool_calls":[{{call}}]}""");

    /// <summary>Server-sent events with this data.</summary>
    public static FakeReply Events(params string[] data) => FakeReply.Sends([.. data.Select(one => $"data: {one}\n\n")]);

    /// <summary>A reply with this text that is not at its end, and then something else.</summary>
    public static FakeReply Cut(ModelProvider provider, string text, string after) => FakeReply.Sends(
        provider switch
        {
            ModelProvider.Anthropic =>
                $$$"""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}""" + "\n\n",
            ModelProvider.Ollama =>
                $$"""{"model":"m","created_at":"now","message":{"role":"assistant","content":"{{text}}"},"done":false}""" + "\n",
            _ => $"data: {Chunk($"{{\"content\":\"{text}\"}}")}\n\n",
        },
        after);
}
