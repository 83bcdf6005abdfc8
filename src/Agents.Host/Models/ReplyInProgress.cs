using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Domain.Runs;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;
using OpenAI.Chat;

namespace Agents.Host.Models;

/// <summary>Gathers the updates of one reply within <see cref="ModelLimits"/>.</summary>
sealed class ReplyInProgress(Action<string>? onDelta)
{
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly StringBuilder text = new();
    readonly Dictionary<long, (string Name, StringBuilder Arguments)> written = [];
    readonly List<ToolRequest> parsed = [];
    readonly List<CitedSource> citations = [];
    readonly ModelUsage usage = new();
    string splitPair = "";
    string? refusal;
    string? model;
    string? providerId;

    /// <summary>Null until the provider said that the reply is complete.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Whether anything of the reply itself has come.</summary>
    public bool HasBegun { get; private set; }

    public bool IsCut { get; private set; }
    public long ReceivedCharacters { get; private set; }

    public void Add(ChatResponseUpdate update)
    {
        model ??= update.ModelId;
        providerId ??= update.ResponseId;
        FinishReason ??= update.FinishReason?.Value;
        usage.Add(update);
        AddWritten(update.RawRepresentation);
        foreach (var content in update.Contents) Add(content);
    }

    /// <param name="afterTheEnd">What went wrong after the finish reason had come. Null when nothing did.</param>
    public ModelOutcome.Answered Complete(string askedFor, TimeSpan latency, TimeSpan? timeToFirstToken, Failure? afterTheEnd)
    {
        Append(splitPair, isEnd: true);
        var reported = usage.Result();
        var answering = Clean(model, ModelLimits.Name);
        return new(
            text.Length == 0 && refusal is not null ? Clean(refusal, ModelLimits.Text) : text.ToString(),
            written.Count > 0 ? WrittenRequests() : parsed,
            citations,
            IsCut && text.Length >= ModelLimits.Text - 1 ? "length" : Clean(FinishReason, ModelLimits.Name),
            answering == "" ? askedFor : answering,
            providerId is null ? null : Clean(providerId, ModelLimits.Name),
            reported.Usage, reported.Raw, reported.Note ?? (reported.Usage is null ? afterTheEnd?.Message : null), IsCut, latency, timeToFirstToken,
            reported.ServiceTier);
    }

    /// <summary>It ends here without being complete.</summary>
    public ModelOutcome.Failed Fail(Failure failure, TimeSpan latency, TimeSpan? timeToFirstToken)
    {
        var answering = Clean(model, ModelLimits.Name);
        return new(
            failure, ReceivedCharacters, latency, timeToFirstToken) { Usage = usage.Result().Usage, Model = answering == "" ? null : answering };
    }

    void Add(AIContent content)
    {
        HasBegun |= content is not UsageContent and not TextContent { Text: "" };
        switch (content)
        {
            case TextContent part:
                Append(part.Text, isEnd: false);
                foreach (var citation in part.Annotations?.OfType<CitationAnnotation>() ?? []) Add(citation);
                break;
            case FunctionCallContent call when parsed.Count < ModelLimits.ToolRequests:
                parsed.Add(Request(call.Name, TextOf(call.Arguments)));
                break;
            case FunctionCallContent:
                IsCut = true;
                break;
            case ErrorContent error:
                refusal ??= error.Message;
                break;
        }
    }

    void Add(CitationAnnotation citation)
    {
        if (citations.Count < ModelLimits.Citations)
            citations.Add(new(Clean(citation.Title, ModelLimits.Name), Clean(citation.Snippet, ModelLimits.Snippet)));
        else
            IsCut = true;
    }

    /// <summary>Tool requests as the model writes them, piece by piece: the parsed ones lose what is no valid JSON.</summary>
    void AddWritten(object? raw)
    {
        switch (raw)
        {
            case StreamingChatCompletionUpdate { ToolCallUpdates: { Count: > 0 } pieces }:
                foreach (var piece in pieces) AddWritten(piece.Index, piece.FunctionName, piece.FunctionArgumentsUpdate?.ToString());
                break;
            case RawMessageStreamEvent { Value: RawContentBlockStartEvent { ContentBlock.Value: ToolUseBlock tool } start }:
                AddWritten(start.Index, tool.Name, null);
                break;
            case RawMessageStreamEvent { Value: RawContentBlockDeltaEvent { Delta.Value: InputJsonDelta piece } delta }
                when written.ContainsKey(delta.Index): // else it belongs to a tool the provider runs itself
                AddWritten(delta.Index, null, piece.PartialJson);
                break;
        }
    }

    void AddWritten(long index, string? name, string? arguments)
    {
        HasBegun = true;
        ReceivedCharacters += arguments?.Length ?? 0;
        if (!written.TryGetValue(index, out var request))
        {
            if (written.Count == ModelLimits.ToolRequests)
            {
                IsCut = true;
                return;
            }
            request = (name ?? "", new());
        }
        written[index] = request = (request.Name == "" ? name ?? "" : request.Name, request.Arguments);

        var room = ModelLimits.Arguments + 1 - request.Arguments.Length; // one more than allowed, so that the cut shows
        request.Arguments.Append(arguments.AsSpan(0, Math.Min(arguments?.Length ?? 0, room)));
    }

    /// <summary>What cannot be written again, such as half of a surrogate pair, becomes no JSON, and the model is told so.</summary>
    static string TextOf(IDictionary<string, object?>? arguments)
    {
        try
        {
            return arguments is null ? "{}" : JsonSerializer.Serialize(arguments, Readable);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "unreadable";
        }
    }

    List<ToolRequest> WrittenRequests() =>
        [.. written.OrderBy(entry => entry.Key).Select(entry => Request(entry.Value.Name, entry.Value.Arguments.ToString()))];

    ToolRequest Request(string name, string arguments)
    {
        IsCut |= arguments.Length > ModelLimits.Arguments;
        return new(Clean(name, ModelLimits.Name), arguments == "" ? "{}" : Clean(arguments, ModelLimits.Arguments));
    }

    void Append(string? delta, bool isEnd)
    {
        if (string.IsNullOrEmpty(delta)) return;

        ReceivedCharacters += isEnd ? 0 : delta.Length;
        delta = isEnd ? delta : splitPair + delta;
        splitPair = !isEnd && char.IsHighSurrogate(delta[^1]) ? delta[^1..] : ""; // its other half may come with the next piece
        var clean = Clean(delta[..^splitPair.Length], int.MaxValue);
        var fitting = Clean(clean, ModelLimits.Text - text.Length);
        IsCut |= fitting.Length < clean.Length;
        if (fitting.Length == 0) return;

        text.Append(fitting);
        onDelta?.Invoke(fitting);
    }

    static string Clean(string? value, int maxLength) => Sanitiser.Text(value, maxLength);
}
