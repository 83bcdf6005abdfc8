using System.Runtime.CompilerServices;
using Agents.Host.Models.Outputs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Offline;

/// <summary>
/// Plays a model without network, key or cost: it plans searches, calls a search tool and answers with sentences of the passages it was
/// shown, each cited; or says that they do not answer. It writes no word of its own beyond that. The same messages give the same reply.
/// </summary>
public sealed class OfflineExtractiveModel : IChatClient
{
    /// <summary>The name under which agents ask for it and replies come from it.</summary>
    public const string ModelId = "offline-extractive-1";

    /// <summary>What <see cref="ChatClientMetadata.ProviderName"/> says.</summary>
    public const string Provider = "offline";

    /// <summary>How every reply begins that says there is no answer.</summary>
    public const string Abstention = "The documents do not answer this question.";

    const int CharactersPerToken = 4;
    const int WordsPerUpdate = 4;

    /// <inheritdoc/>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var said = messages as IReadOnlyCollection<ChatMessage> ?? [.. messages];
        var conversation = OfflineConversation.Read(said, options);
        var content = Reply(conversation, CallForm.SchemaOf(options));
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [content]))
        {
            ModelId = ModelId,
            FinishReason = content is FunctionCallContent ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Usage = Estimate(said, content),
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var content in Pieces(response.Messages[0].Contents[0]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ChatResponseUpdate(ChatRole.Assistant, [content]) { ModelId = ModelId };
        }

        yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(response.Usage!)])
        {
            ModelId = ModelId,
            FinishReason = response.FinishReason,
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata(Provider, null, ModelId)
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        // It holds nothing.
    }

    /// <param name="schema">What the text must fit, if it calls no tool. Null when it is a text.</param>
    static AIContent Reply(OfflineConversation conversation, OutputSchema? schema)
    {
        if (!conversation.HasToolResult && OfflineToolCall.For(conversation) is { } call) return call;
        return schema is null ? Text(conversation) : OfflineJson.Of(schema, Text(conversation));
    }

    static TextContent Text(OfflineConversation conversation)
    {
        if (conversation.IsPlanning()) return new TextContent(string.Join('\n', OfflineQueries.For(conversation.Question)));

        var evidence = new OfflineEvidence(conversation.Question, conversation.Passages);
        return conversation.Step == "analyze" ? OfflineAnswer.Relevant(evidence) : OfflineAnswer.From(evidence);
    }

    /// <summary>Groups of words; a citation comes with the last piece of the words it stands for.</summary>
    static List<AIContent> Pieces(AIContent content)
    {
        if (content is not TextContent text) return [content];
        if (text.Annotations?.All(annotation => annotation.AnnotatedRegions is null) is true) return AnnotatedAtTheEnd(text);

        var pieces = new List<AIContent>();
        var at = 0;
        var citations = (text.Annotations ?? []).OfType<CitationAnnotation>()
            .Select(citation => (
                End: citation.AnnotatedRegions?.OfType<TextSpanAnnotatedRegion>().FirstOrDefault()?.EndIndex ?? text.Text.Length, citation));
        foreach (var (end, citation) in citations)
        {
            pieces.AddRange(WordGroups(text.Text[at..end]));
            if (pieces.Count > 0)
                pieces[^1].Annotations = [
                    new CitationAnnotation
                    {
                        Title = citation.Title, Snippet = citation.Snippet, AdditionalProperties = citation.AdditionalProperties
                    }];
            at = end;
        }

        pieces.AddRange(WordGroups(text.Text[at..]));
        return pieces;
    }

    static List<AIContent> AnnotatedAtTheEnd(TextContent text)
    {
        List<AIContent> pieces = [.. WordGroups(text.Text)];
        if (pieces.Count > 0) pieces[^1].Annotations = text.Annotations;
        return pieces;
    }

    static IEnumerable<TextContent> WordGroups(string text)
    {
        var start = 0;
        var words = 0;
        for (var at = 1; at < text.Length; at++)
        {
            if (!char.IsWhiteSpace(text[at]) || char.IsWhiteSpace(text[at - 1]) || ++words < WordsPerUpdate) continue;
            yield return new TextContent(text[start..at]);
            (start, words) = (at, 0);
        }

        if (start < text.Length) yield return new TextContent(text[start..]);
    }

    /// <summary>An estimate, four characters to a token: nothing here counts tokens, and nothing is charged.</summary>
    static UsageDetails Estimate(IEnumerable<ChatMessage> messages, AIContent reply)
    {
        var input = messages.SelectMany(message => message.Contents).Sum(content =>
            (long)OfflineConversation.TextOf(content).Length) / CharactersPerToken;
        var output = (long)OfflineConversation.TextOf(reply).Length / CharactersPerToken;
        return new UsageDetails { InputTokenCount = input, OutputTokenCount = output, TotalTokenCount = input + output };
    }
}
