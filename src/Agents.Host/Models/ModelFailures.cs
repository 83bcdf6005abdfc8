using System.ClientModel;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Models.Wire;
using Anthropic.Exceptions;
using OllamaSharp.Models.Exceptions;

namespace Agents.Host.Models;

/// <summary>What went wrong at a provider, in the run's words.</summary>
public static partial class ModelFailures
{
    /// <summary>The failure an exception stands for; null for our own faults, which propagate, and for cancelling.</summary>
    public static Failure? From(Exception exception) => exception switch
    {
        ProviderFailedException e => Of(e.Kind, e.Message, e.RetryAfter),
        ClientResultException { Status: > 0 } e => OfStatus((HttpStatusCode)e.Status, e.Message, null),
        ClientResultException or AnthropicIOException => From(exception.InnerException ?? new IOException(exception.Message)),
        AnthropicApiException e => OfStatus(e.StatusCode, ProviderHttp.MessageIn(e.ResponseBody), null),
        AnthropicSseException => Of(FailureKind.StreamCut, ProviderHttp.MessageIn(exception.Message)),
        AnthropicInvalidDataException => Unreadable(exception),
        OllamaException or ResponseError => Of(FailureKind.Rejected, exception.Message),
        HttpRequestException { StatusCode: { } status } => OfStatus(status, exception.Message, null),
        HttpRequestException => Of(FailureKind.Unavailable, $"The provider could not be reached: {exception.GetBaseException().Message}"),
        TimeoutException or OperationCanceledException { InnerException: TimeoutException } => Of(FailureKind.Timeout, exception.Message),
        IOException => Of(FailureKind.StreamCut, $"The reply broke off: {exception.Message}"),
        JsonException or FormatException => Unreadable(exception),
        // Half of a surrogate pair.
        InvalidOperationException { Source: { } source } when source.StartsWith("System.Text.Json", StringComparison.Ordinal) =>
            Unreadable(exception),
        AggregateException { InnerExceptions: [var first, ..] } => From(first),
        _ => null,
    };

    /// <summary>A reply that came but cannot be read. It counts as cut: it has probably been paid for, and another try may be readable.</summary>
    public static Failure Unreadable(Exception exception) =>
        Of(FailureKind.StreamCut, $"The reply could not be read: {exception.GetType().Name}: {exception.Message}");

    /// <summary>A failure whose message is bounded and free of secrets.</summary>
    public static Failure Of(FailureKind kind, string message, TimeSpan? retryAfter = null)
    {
        var clean = Sanitiser.Text(Redact(message, apiKey: null), ModelLimits.FailureMessage);
        return new(kind, clean == "" ? kind.ToString() : clean, retryAfter);
    }

    /// <summary>Characters. What is shorter is no secret but a word, such as <c>any</c> for a server that wants no key.</summary>
    const int ShortestKey = 8;

    /// <summary>The text without anything that looks like a key, and without this key.</summary>
    /// <param name="apiKey">Null when there is none.</param>
    public static string Redact(string text, string? apiKey)
    {
        var redacted = Secret().Replace(text, "[redacted]"); // first: what it knows would not be whole any more
        return apiKey is not { Length: >= ShortestKey } ? redacted : redacted.Replace(apiKey, "[redacted]", StringComparison.Ordinal);
    }

    /// <summary>What a status other than success means.</summary>
    public static FailureKind KindOf(HttpStatusCode status) => (int)status switch
    {
        429 => FailureKind.RateLimited,
        408 => FailureKind.Timeout,
        401 or 402 or 403 => FailureKind.Unauthorized,
        >= 500 => FailureKind.Unavailable,
        _ => FailureKind.Rejected,
    };

    static Failure OfStatus(HttpStatusCode status, string message, TimeSpan? retryAfter) =>
        Of(KindOf(status), $"HTTP {(int)status}: {message}", retryAfter);

    [GeneratedRegex("""\bsk-[A-Za-z0-9_\-*.]{3,}|\bBearer\s+[^\s"',;]+|\b(?:x-)?api[-_]?key["']?\s*[:=]\s*["']?[^\s"',;]+""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Secret();
}
