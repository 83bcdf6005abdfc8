using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>Anthropic's messages, piece by piece or whole. https://docs.claude.com/en/docs/build-with-claude/streaming</summary>
sealed class AnthropicReply : ReplyReader
{
    /// <summary>Blocks that hold a tool call of ours; other blocks have input too, of tools that the provider runs itself.</summary>
    readonly HashSet<long> calls = [];

    public override ChatResponseUpdate? Read(SentEvent sent)
    {
        var data = sent.Data;
        var index = data.Number("index") ?? 0;
        switch (data.Text("type") ?? sent.Name)
        {
            case "message_start":
                var message = data.Member("message") ?? data;
                return Update(UsageIn(message), message.Text("id"), message.Text("model"), null);
            case "content_block_start":
                return Said(data.Member("content_block") is { ValueKind: JsonValueKind.Object } block ? Block(index, block) : []);
            case "content_block_delta":
                return Said(data.Member("delta") is { } delta ? Delta(index, delta) : []);
            case "message_delta":
                var end = data.Member("delta") ?? data;
                return Update(UsageIn(data), null, null, end.Text("stop_reason"));
            case "message_stop":
                IsOver = true;
                return Update([], null, null, "stop");
            case "content_block_stop" or "ping":
                return Said([]);
            case "message":
                IsOver = true;
                var blocks = data.Items("content").SelectMany((one, position) => Block(position, one));
                return Update(blocks.Concat(UsageIn(data)), data.Text("id"), data.Text("model"), data.Text("stop_reason") ?? "stop");
            default:
                return null;
        }
    }

    static ChatResponseUpdate Said(IEnumerable<AIContent> contents) => Update(contents, null, null, null);

    IEnumerable<AIContent> Block(long index, JsonElement block)
    {
        switch (block.Text("type"))
        {
            case "tool_use":
                calls.Add(index);
                var isGiven = block.Member("input") is { ValueKind: JsonValueKind.Object } input && input.EnumerateObject().Any();
                return [new ToolCallPiece(index, block.Text("id"), block.Text("name"), isGiven ? block.Member("input")?.GetRawText() : null)];
            case "thinking" or "redacted_thinking":
                return [Thought(block)];
            default:
                return Parts(block);
        }
    }

    IEnumerable<AIContent> Delta(long index, JsonElement delta)
    {
        if (delta.Text("text") is { } text) yield return new TextContent(text);
        if (delta.Text("thinking") is { } thought) yield return new TextReasoningContent(thought);
        if (delta.Text("partial_json") is { } piece && calls.Contains(index)) yield return new ToolCallPiece(index, null, null, piece);
        if (delta.Member("citation") is { } cited && cited.Text("cited_text") is { } words)
            yield return new TextContent("")
            {
                Annotations = [new CitationAnnotation { Title = cited.Text("document_title") ?? cited.Text("title") ?? "", Snippet = words }],
            };
    }

    static IEnumerable<AIContent> UsageIn(JsonElement holder) =>
        holder.Member("usage") is { ValueKind: JsonValueKind.Object } usage ? [new UsageReport(usage, ModelProvider.Anthropic)] : [];
}
