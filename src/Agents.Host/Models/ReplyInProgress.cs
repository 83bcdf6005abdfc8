using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Models.Wire;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>Gathers the updates of one reply within <see cref="ModelLimits"/>.</summary>
/// <param name="beginsWithinThought">The text is shown from the end of that thought on; all of it at the end, if there was none.</param>
sealed class ReplyInProgress(Action<string>? onDelta, bool beginsWithinThought = false)
{
    /// <summary>Names of things passed over that a message shows.</summary>
    const int MostNamed = 5;

    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly StringBuilder text = new();
    readonly LeadingThought thought = new();
    readonly WrittenCalls written = new();
    readonly SortedSet<string> passedOver = new(StringComparer.Ordinal);
    readonly List<ToolRequest> parsed = [];
    readonly List<CitedSource> citations = [];
    readonly ModelUsage usage = new();
    string splitPair = "";
    string? refusal;
    string? model;
    string? providerId;
    string? providersReason;
    long reasoned;
    int shown;
    int takenBack;
    bool isHeldBack = beginsWithinThought;

    /// <summary>Whether the text began with a thought that no mark opened. Null when there was no text to tell it by.</summary>
    public bool? BeganWithinThought { get; private set; }

    /// <summary>Null until the provider said that the reply is complete.</summary>
    public string? FinishReason { get; private set; }

    /// <summary>Whether anything of the reply itself has come.</summary>
    public bool HasBegun { get; private set; }

    public bool IsCut { get; private set; }

    /// <summary>Of text, thought and tool arguments.</summary>
    public long ReceivedCharacters { get; private set; }

    public void Add(ChatResponseUpdate update)
    {
        model ??= update.ModelId;
        providerId ??= update.ResponseId;
        if (FinishReason is null || (FinishReason == "stop" && update.FinishReason is { Value: not "stop" }))
            (FinishReason, providersReason) = (update.FinishReason?.Value, update.RawRepresentation as string);
        usage.Add(update);
        foreach (var content in update.Contents) Add(content);

        // The telemetry round the client keeps every update until the reply has ended: what was read must not stay with it.
        update.Contents = [.. update.Contents.OfType<UsageContent>()];
    }

    /// <param name="afterTheEnd">What went wrong after the finish reason had come. Null when nothing did.</param>
    /// <returns>A failure when there is neither text nor a tool call in it.</returns>
    public ModelOutcome Complete(string askedFor, TimeSpan latency, TimeSpan? timeToFirstToken, Failure? afterTheEnd)
    {
        var rest = thought.Rest();
        if (IsBlank() && string.IsNullOrWhiteSpace(rest + splitPair)) return Fail(Empty(), latency, timeToFirstToken);

        Append(rest, isEnd: false);
        Append(splitPair, isEnd: true);
        if (text.Length > 0) BeganWithinThought ??= false;
        if (isHeldBack && takenBack == 0 && text.Length > 0) Show(text.ToString());
        var reported = usage.Result();
        var answering = Clean(model, ModelLimits.Name);
        return new ModelOutcome.Answered(
            text.Length == 0 && refusal is not null ? Clean(refusal, ModelLimits.Text) : text.ToString(),
            written.Any() ? [.. written.Whole().Select(call => Request(call.Name, call.Arguments))] : parsed,
            citations,
            (IsCut || written.IsCut) && text.Length >= ModelLimits.Text - 1 ? "length" : Clean(FinishReason, ModelLimits.Name),
            answering == "" ? askedFor : answering,
            providerId is null ? null : Clean(providerId, ModelLimits.Name),
            reported.Usage, reported.Raw, reported.Note ?? (reported.Usage is null ? afterTheEnd?.Message : null), IsCut || written.IsCut, latency,
            timeToFirstToken,
            reported.ServiceTier, thought.Characters + reasoned, takenBack);
    }

    /// <summary>It ends here without being complete.</summary>
    public ModelOutcome.Failed Fail(Failure failure, TimeSpan latency, TimeSpan? timeToFirstToken)
    {
        var (answering, reported) = (Clean(model, ModelLimits.Name), usage.Result());
        return new(failure, ReceivedCharacters, latency, timeToFirstToken)
        {
            Usage = reported.Usage,
            ServiceTier = reported.ServiceTier,
            Model = answering == "" ? null : answering,
            Text = text.Length == 0 ? null : Clean(text.ToString(0, Math.Min(text.Length, ModelLimits.TextSoFar)), ModelLimits.TextSoFar),
        };
    }

    bool IsBlank()
    {
        if (written.Any() || parsed.Count > 0 || !string.IsNullOrWhiteSpace(refusal)) return false;
        for (var i = 0; i < text.Length; i++) if (!char.IsWhiteSpace(text[i])) return false;
        return true;
    }

    Failure Empty()
    {
        var (reason, thoughts) = (Clean(providersReason ?? FinishReason, ModelLimits.Name), thought.Characters + reasoned);
        var came = (thoughts > 0 ? $", {thoughts} characters of thought" : "")
            + (passedOver.Count > 0 ? $", passed over: {string.Join(", ", passedOver)}" : "");
        return ModelFailures.Of(FailureKind.EmptyReply, $"The reply has no text and calls no tool (finish reason {reason}{came}).");
    }

    void Add(AIContent content)
    {
        HasBegun |= content is not (UsageContent or UsageReport or ServedTier or PassedOver or TextContent { Text: "" });
        switch (content)
        {
            case TextContent part:
                ReceivedCharacters += part.Text.Length;
                Append(thought.TextOf(part.Text), isEnd: false);
                foreach (var citation in part.Annotations?.OfType<CitationAnnotation>() ?? []) Add(citation);
                break;
            case TextReasoningContent reasoning:
                ReceivedCharacters += reasoning.Text.Length;
                reasoned += reasoning.Text.Length;
                break;
            case ToolCallPiece piece:
                ReceivedCharacters += piece.Arguments?.Length ?? 0;
                written.Add(piece);
                break;
            case PassedOver other when passedOver.Count < MostNamed:
                passedOver.Add(Clean(other.What, ModelLimits.Name));
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

    ToolRequest Request(string name, string arguments)
    {
        IsCut |= arguments.Length > ModelLimits.Arguments;
        return new(Clean(name, ModelLimits.Name), arguments == "" ? "{}" : Clean(arguments, ModelLimits.Arguments));
    }

    void Append(string? delta, bool isEnd)
    {
        if (string.IsNullOrEmpty(delta)) return;

        delta = isEnd ? delta : splitPair + delta;
        splitPair = !isEnd && char.IsHighSurrogate(delta[^1]) ? delta[^1..] : ""; // its other half may come with the next piece
        var clean = Clean(delta[..^splitPair.Length], int.MaxValue);
        if (BeganWithinThought is true && text.Length == 0) clean = clean.TrimStart(); // the blank lines after a thought are none of it
        var fitting = Clean(clean, ModelLimits.Text - text.Length);
        IsCut |= fitting.Length < clean.Length;
        if (fitting.Length == 0) return;

        text.Append(fitting);
        if (BeganWithinThought is null && !thought.HasThought && UnopenedThought.In(text, fitting.Length) is var (end, answer))
            fitting = Begin(end, answer);
        if (!isHeldBack && fitting.Length > 0) Show(fitting);
    }

    /// <summary>What was text so far is thought.</summary>
    /// <returns>What there is of the answer.</returns>
    string Begin(int thoughtEnd, int answerStart)
    {
        var begun = text.ToString(answerStart, text.Length - answerStart).TrimStart();
        text.Clear().Append(begun);
        reasoned += thoughtEnd;
        BeganWithinThought = true;
        (takenBack, isHeldBack) = (shown, shown > 0); // what readers have seen cannot be continued: they get the answer whole, at its end
        return begun;
    }

    void Show(string piece)
    {
        shown += piece.Length;
        onDelta?.Invoke(piece);
    }

    static string Clean(string? value, int maxLength) => Sanitiser.Text(value, maxLength);
}
