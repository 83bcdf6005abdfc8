using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>Ollama's chat. https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion</summary>
sealed class OllamaReply : ReplyReader
{
    static readonly string[] Counts = ["prompt_eval_count", "eval_count"];

    int calls;

    public override ChatResponseUpdate? Read(SentEvent sent)
    {
        var data = sent.Data;
        var isLast = data.Member("done") is { ValueKind: JsonValueKind.True };
        if (!isLast && data.Member("message") is null && data.Member("done") is null) return null;

        IsOver = isLast;
        return Update(
            [.. Said(data.Member("message") ?? default), .. isLast ? UsageIn(data) : []], data.Text("created_at"), data.Text("model"),
            isLast ? data.Text("done_reason") ?? "stop" : null);
    }

    IEnumerable<AIContent> Said(JsonElement message)
    {
        if (message.Member("thinking") is { } thought) yield return Thought(thought);
        foreach (var part in Parts(message.Member("content"))) yield return part;
        foreach (var call in message.Items("tool_calls"))
        {
            var function = call.Member("function") ?? default;
            yield return new ToolCallPiece(calls++, call.Text("id"), function.Text("name"), OpenAIReply.ArgumentsIn(function)); // each comes whole
        }
    }

    static IEnumerable<AIContent> UsageIn(JsonElement data)
    {
        string[] counts = [.. Counts.Select(name => data.Member(name) is { } count ? $"\"{name}\":{count.GetRawText()}" : null).OfType<string>()];
        if (counts.Length > 0)
            yield return new UsageReport(JsonSerializer.Deserialize<JsonElement>($"{{{string.Join(',', counts)}}}"), ModelProvider.Ollama);
    }
}
