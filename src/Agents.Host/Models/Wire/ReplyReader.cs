using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Wire;

/// <summary>Reads the events of one reply. What it does not know it passes over, so that a server may say more than its protocol has.</summary>
abstract class ReplyReader
{
    /// <summary>Members in which servers put the words of a thought.</summary>
    static readonly string[] ThoughtMembers = ["text", "thinking", "summary", "content"];

    /// <summary>The reader for a provider's protocol.</summary>
    public static ReplyReader Of(ModelProvider provider) => provider switch
    {
        ModelProvider.Anthropic => new AnthropicReply(),
        ModelProvider.Ollama => new OllamaReply(),
        _ => new OpenAIReply(),
    };

    /// <summary>The provider said that the reply is whole: nothing that comes after matters.</summary>
    public bool IsOver { get; protected set; }

    /// <summary>What an event says. Null when it is no event of the protocol.</summary>
    /// <exception cref="ProviderFailedException">It says that the provider failed.</exception>
    public abstract ChatResponseUpdate? Read(SentEvent sent);

    /// <summary>What is in a content: text, thought, or what is passed over.</summary>
    /// <param name="content">A text, a part or a list of these; whatever else it is says nothing.</param>
    protected static IEnumerable<AIContent> Parts(JsonElement? content) => content switch
    {
        { ValueKind: JsonValueKind.String } text => [new TextContent(text.Words())],
        { ValueKind: JsonValueKind.Array } parts => parts.EnumerateArray().SelectMany(part => Parts(part)),
        { ValueKind: JsonValueKind.Object } part => [Part(part)],
        _ => [],
    };

    /// <summary>All text in something that holds it somewhere; for thought, which is only counted.</summary>
    protected static TextReasoningContent Thought(JsonElement thought)
    {
        var words = new StringBuilder();
        Gather(thought);
        return new(words.ToString());

        void Gather(JsonElement value)
        {
            if (value.ValueKind is JsonValueKind.String) words.Append(value.Words());
            else if (value.ValueKind is JsonValueKind.Array) foreach (var item in value.EnumerateArray()) Gather(item);
            else foreach (var name in ThoughtMembers) if (value.Member(name) is { } inner) Gather(inner);
        }
    }

    static AIContent Part(JsonElement part) => part.Text("type") switch
    {
        "thinking" or "reasoning" or "reasoning_content" => Thought(part),
        null or "text" or "output_text" or "refusal" when (part.Text("text") ?? part.Text("refusal")) is { } words => new TextContent(words),
        null or "text" or "output_text" or "refusal" => new TextContent(""),
        var unknown => new PassedOver(unknown),
    };

    protected static ChatResponseUpdate Update(IEnumerable<AIContent> contents, string? id, string? model, string? finishReason) => new()
    {
        Role = ChatRole.Assistant,
        Contents = [.. contents],
        ResponseId = id,
        ModelId = model,
        FinishReason = finishReason is null ? null : FinishReasons.Of(finishReason),
        RawRepresentation = finishReason, // as the provider names it, for messages
    };
}
