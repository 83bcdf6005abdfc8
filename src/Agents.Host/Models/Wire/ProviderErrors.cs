using System.Globalization;
using System.Net;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Models.Wire;

/// <summary>Errors that a provider sends in a reply that began well, or in place of one, and what follows from them.</summary>
static class ProviderErrors
{
    /// <summary>Parts of an error's type or code, lower case; the first that fits counts.</summary>
    static readonly (string Part, FailureKind Kind)[] Meanings =
    [
        ("insufficient_quota", FailureKind.Rejected), ("insufficient_balance", FailureKind.Rejected), ("insufficient_credit", FailureKind.Rejected),
        ("billing", FailureKind.Rejected),
        ("rate_limit", FailureKind.RateLimited), ("ratelimit", FailureKind.RateLimited), ("rate limit", FailureKind.RateLimited),
        ("too_many_requests", FailureKind.RateLimited), ("toomanyrequests", FailureKind.RateLimited), ("too many requests", FailureKind.RateLimited),
        ("throttl", FailureKind.RateLimited), ("resource_exhausted", FailureKind.RateLimited),
        ("invalid_api_key", FailureKind.Unauthorized), ("authentication", FailureKind.Unauthorized), ("unauthorized", FailureKind.Unauthorized),
        ("permission", FailureKind.Unauthorized), ("access_denied", FailureKind.Unauthorized),
        ("overloaded", FailureKind.Unavailable), ("unavailable", FailureKind.Unavailable), ("server_error", FailureKind.Unavailable),
        ("internal", FailureKind.Unavailable), ("api_error", FailureKind.Unavailable), ("timeout", FailureKind.Unavailable),
        ("invalid", FailureKind.Rejected), ("not_found", FailureKind.Rejected), ("notfound", FailureKind.Rejected),
        ("bad_request", FailureKind.Rejected), ("badrequest", FailureKind.Rejected), ("unsupported", FailureKind.Rejected),
        ("context_length", FailureKind.Rejected), ("content_filter", FailureKind.Rejected), ("content_policy", FailureKind.Rejected),
        ("policy_violation", FailureKind.Rejected), ("too_large", FailureKind.Rejected), ("validation", FailureKind.Rejected),
    ];

    /// <summary>How many of <see cref="Meanings"/> say that the account has nothing left: no wait helps, whatever the status.</summary>
    const int Spent = 4;

    static readonly string[] WordMembers = ["type", "code", "error_type", "status", "reason"];

    static readonly string[] StatusMembers = ["code", "status", "status_code", "http_status", "http_code"];

    /// <summary>The failure that an event stands for. Null when it is none.</summary>
    public static ProviderFailedException? In(SentEvent sent) => ErrorIn(sent) is { } error ? Of(error, sent.Data) : null;

    /// <param name="whole">What holds the error.</param>
    public static ProviderFailedException Of(JsonElement error, JsonElement whole)
    {
        var message = error.ValueKind is JsonValueKind.String
            ? error.Words()
            : error.Text("message") ?? error.Text("detail") ?? whole.Text("message") ?? error.GetRawText();
        return new(KindOf(error, whole, WordsOf(error, whole), message.ToLowerInvariant()), WithName(message, error));
    }

    /// <summary>Whether the body of a refusal says, by its type or code, that the account has nothing left.</summary>
    public static bool IsSpent(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Member("error") is { ValueKind: JsonValueKind.Object } error && IsSpentIn(WordsOf(error, document.RootElement));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static bool IsSpentIn(string words) => Meanings.Take(Spent).Any(spent => words.Contains(spent.Part, StringComparison.Ordinal));

    /// <summary>An error's type and code, lower case.</summary>
    static string WordsOf(JsonElement error, JsonElement whole) =>
        string.Join(' ', WordMembers.Select(name => error.Text(name) ?? whole.Text(name))).ToLowerInvariant();

    static JsonElement? ErrorIn(SentEvent sent) => sent.Data.Member("error") switch
    {
        { ValueKind: JsonValueKind.Object or JsonValueKind.String } detail when IsError(detail) => detail,
        { } flag when IsError(flag) => sent.Data,
        _ => sent.Name is "error" || sent.Data.Text("object") is "error" || sent.Data.Text("type") is "error" ? sent.Data : null,
    };

    /// <summary>Some servers send an error in every event, and say with it that there is none.</summary>
    public static bool IsError(JsonElement error) =>
        error.ValueKind is JsonValueKind.Object ? error.EnumerateObject().Any(member => IsSaid(member.Value)) : IsSaid(error);

    static bool IsSaid(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.String => value.Words().Length > 0,
        JsonValueKind.Number => value.GetRawText() is not "0",
        _ => true,
    };

    static FailureKind KindOf(JsonElement error, JsonElement whole, string words, string message)
    {
        if (IsSpentIn(words)) return FailureKind.Rejected;
        if ((StatusIn(error) ?? StatusIn(whole)) is { } status) return ModelFailures.KindOf(status);
        foreach (var (part, kind) in Meanings)
        {
            var isSaid = kind is FailureKind.RateLimited && message.Contains(part, StringComparison.Ordinal);
            if (isSaid || words.Contains(part, StringComparison.Ordinal)) return kind;
        }

        return FailureKind.Unavailable; // the request was taken, and then something went wrong
    }

    static HttpStatusCode? StatusIn(JsonElement holder) =>
        (HttpStatusCode?)StatusMembers.Select(name => holder.Number(name)).FirstOrDefault(number => number is >= 400 and < 600);

    /// <summary>The words, with the type or code where they do not say it.</summary>
    static string WithName(string message, JsonElement error)
    {
        var name = error.ValueKind is JsonValueKind.Object
            ? error.Text("code") ?? error.Number("code")?.ToString(CultureInfo.InvariantCulture) ?? error.Text("type")
            : null;
        return name is null or "error" || message.Contains(name, StringComparison.OrdinalIgnoreCase) ? message : $"{message} ({name})";
    }
}
