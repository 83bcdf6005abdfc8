using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Models.Wire;

/// <summary>One thing that a provider sent.</summary>
/// <param name="Name">The event's name. Null when it has none.</param>
public readonly record struct SentEvent(string? Name, JsonElement Data);

/// <summary>Takes the body of a reply apart: server-sent events, or JSON line by line, whichever comes.</summary>
/// <remarks>
/// https://html.spec.whatwg.org/multipage/server-sent-events.html. Besides, JSON without the name of a field counts, since servers write errors so,
/// and whole replies in place of a stream; and a line of data that is JSON by itself is an event, since servers forget the empty line after it.
/// </remarks>
/// <param name="contentType">As the provider named it, for the message when something else came.</param>
sealed class SentEvents(Stream body, string contentType)
{
    const string End = "[DONE]";

    /// <summary>UTF-16 units of something that is no reply, before it is given up.</summary>
    const int MostOfSomethingElse = 64 * 1024;

    readonly StringBuilder data = new();
    string? name;
    bool hasRead;
    bool isStray;

    /// <summary>The provider said that no more comes.</summary>
    public bool IsDone { get; private set; }

    /// <exception cref="ProviderFailedException">What came is no event, or only a part of one.</exception>
    /// <exception cref="IOException">The connection broke, or the reply is too long.</exception>
    public async IAsyncEnumerable<SentEvent> Read([EnumeratorCancellation] CancellationToken ct)
    {
        using var lines = new StreamReader(body, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            if (Take(line) is { } sent)
            {
                hasRead = true;
                yield return sent;
            }

            if (IsDone) yield break;
        }

        if (data.Length > 0) yield return Gathered(isEnd: true);
    }

    SentEvent? Take(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            var gathered = data.Length > 0 && !(isStray && !hasRead) ? Gathered(isEnd: false) : (SentEvent?)null;
            if (data.Length == 0) name = null;
            return gathered;
        }

        if (DataIn(line) is not { Length: > 0 } text) return null;
        if (text == End)
        {
            IsDone = true;
            return data.Length > 0 ? Gathered(isEnd: false) : null;
        }

        if (data.Length == 0 && Parsed(text) is { } whole) return new(name, whole);
        if (data.Length + text.Length > Most(text)) throw Unreadable(isEnd: false);

        data.Append(data.Length > 0 ? "\n" : "").Append(text);
        return null;
    }

    /// <summary>What the line says. Null when it says nothing about the reply.</summary>
    string? DataIn(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        switch (colon < 0 ? "" : line[..colon])
        {
            case "" when colon == 0:
            case "id" or "retry":
                return null;
            case "event":
                name = line[(colon + 1)..].Trim();
                return null;
            case "data" or "error":
                return line[(colon + 1)..].Trim();
            default:
                if (hasRead && !line.TrimStart().StartsWith('{')) return null;
                isStray = true;
                return line.Trim();
        }
    }

    /// <summary>UTF-16 units of one event.</summary>
    int Most(string text) =>
        isStray && !hasRead && (data.Length > 0 ? data[0] : text[0]) is not '{' ? MostOfSomethingElse : ModelLimits.WireLineBytes;

    SentEvent Gathered(bool isEnd)
    {
        if (Parsed(data.ToString()) is not { } whole) throw Unreadable(isEnd);

        data.Clear();
        return new(name, whole);
    }

    /// <summary>A page or a message, of another program than the one that was asked.</summary>
    bool IsSomethingElse() => isStray && !hasRead && data[0] != '{' && !contentType.EndsWith("event-stream", StringComparison.OrdinalIgnoreCase)
        && !contentType.EndsWith("ndjson", StringComparison.OrdinalIgnoreCase);

    ProviderFailedException Unreadable(bool isEnd)
    {
        var came = WireJson.Start(data.ToString());
        return IsSomethingElse() ? new(FailureKind.Unavailable, $"The provider answered with {contentType} in place of a stream: {came}")
            : new(FailureKind.StreamCut, isEnd ? $"The reply broke off within: {came}" : $"The reply could not be read: {came}");
    }

    static JsonElement? Parsed(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
