using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>
/// Chat completions of OpenAI, Azure and the servers that speak like them, piece by piece or whole.
/// https://platform.openai.com/docs/api-reference/chat-streaming
/// </summary>
sealed class OpenAIReply : ReplyReader
{
    /// <summary>Members that hold neither text nor tool calls.</summary>
    static readonly string[] Others = ["function_call", "audio", "images"];

    bool hasText;

    public override ChatResponseUpdate? Read(SentEvent sent)
    {
        var data = sent.Data;
        if (data.ValueKind is not JsonValueKind.Object) return null;
        if (!data.TryGetProperty("choices", out _) && !data.TryGetProperty("usage", out _)) return null;

        var choice = data.Items("choices").FirstOrDefault(choice => choice.Number("index") is null or 0); // one is asked for
        if (choice.Member("error") is { } error && ProviderErrors.IsError(error)) throw ProviderErrors.Of(error, data);

        var contents = Said(choice).ToList();
        hasText |= contents.Any(content => content is TextContent { Text.Length: > 0 });
        if (data.Text("service_tier") is { } tier) contents.Add(new ServedTier(tier));
        if (data.Member("usage") is { ValueKind: JsonValueKind.Object } usage) contents.Add(new UsageReport(usage, ModelProvider.OpenAI));
        return Update(contents, data.Text("id"), data.Text("model"), choice.Text("finish_reason"));
    }

    IEnumerable<AIContent> Said(JsonElement choice)
    {
        var (piece, whole) = (choice.Member("delta"), choice.Member("message"));
        var isWhole = piece is not { ValueKind: JsonValueKind.Object } delta || !delta.EnumerateObject().Any();
        var said = (isWhole ? whole ?? piece : piece) ?? choice;

        if ((said.Member("reasoning_content") ?? said.Member("reasoning") ?? said.Member("thinking")) is { } thought) yield return Thought(thought);
        if (!(isWhole && hasText && whole is not null)) // else it repeats what came in pieces
        {
            foreach (var part in Parts(said.Member("content") ?? said.Member("text"))) yield return part;
            if (said.Text("refusal") is { } refusal) yield return new TextContent(refusal);
        }

        foreach (var call in said.Items("tool_calls"))
        {
            var function = call.Member("function") ?? default;
            yield return new ToolCallPiece(call.Number("index"), call.Text("id"), function.Text("name"), ArgumentsIn(function));
        }

        foreach (var other in Others)
            if (said.Member(other) is not null) yield return new PassedOver(other);
    }

    /// <summary>Text, as the protocol has it; some servers send the object itself.</summary>
    internal static string? ArgumentsIn(JsonElement function) => function.Member("arguments") switch
    {
        { ValueKind: JsonValueKind.String } text => text.Words(),
        { ValueKind: JsonValueKind.Object or JsonValueKind.Array } json => json.GetRawText(),
        _ => null,
    };
}
