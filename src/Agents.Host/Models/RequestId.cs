using System.Globalization;

namespace Agents.Host.Models;

/// <summary>
/// The name of a model call attempt as the provider sees it: <c>run/call/attempt</c> in the header <c>X-Client-Request-Id</c>, by which a provider's
/// log can be held against the facts.
/// </summary>
public static class RequestId
{
    public const string Header = "X-Client-Request-Id";

    /// <summary>Flows from the worker through the provider's SDK to the HTTP request.</summary>
    static readonly AsyncLocal<string?> Current = new();

    /// <summary>Names the requests that this asynchronous flow sends from now on.</summary>
    public static void Set(Guid runId, int call, int attempt) => Current.Value = $"{runId}/{call}/{attempt}";

    /// <summary>Null when the text is no such name.</summary>
    public static (Guid RunId, int Call, int Attempt)? Parse(string? text) =>
        text?.Split('/') is [var run, var call, var attempt] && Guid.TryParse(run, out var runId)
            && int.TryParse(call, NumberStyles.None, CultureInfo.InvariantCulture, out var calls)
            && int.TryParse(attempt, NumberStyles.None, CultureInfo.InvariantCulture, out var attempts)
                ? (runId, calls, attempts)
                : null;

    internal static void AddTo(HttpRequestMessage request)
    {
        if (Current.Value is { } id) request.Headers.TryAddWithoutValidation(Header, id);
    }
}
