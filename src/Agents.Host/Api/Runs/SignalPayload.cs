using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Api.Runs;

/// <summary>The body of a signal.</summary>
static class SignalPayload
{
    static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>As it is stored: JSON as it came, but of a JSON string its text; any other body as a text. Empty without a body.</summary>
    /// <exception cref="JsonException">The body is sent as JSON and is none.</exception>
    /// <returns>The problem is null when there is none.</returns>
    public static async Task<(string Payload, ProblemDetails? Problem)> Read(HttpRequest request, CancellationToken ct)
    {
        var body = new byte[SignalBounds.PayloadBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct);
        if (length > SignalBounds.PayloadBytes)
            return ("", Refusals.Of(
                StatusCodes.Status413PayloadTooLarge, "Payload too large", $"A signal's payload may have {SignalBounds.PayloadBytes / 1024} KiB."));

        var bytes = body.AsMemory(0, length);
        if (bytes.Span.StartsWith(ByteOrderMark)) bytes = bytes[ByteOrderMark.Length..];
        if (!Utf8.IsValid(bytes.Span)) return ("", Refusals.Malformed("Not UTF-8", "A signal's payload is JSON or text, in UTF-8."));

        return (request.HasJsonContentType() ? OfJson(bytes) : Sanitiser.Text(Encoding.UTF8.GetString(bytes.Span), length), null);
    }

    static string OfJson(Memory<byte> body)
    {
        if (body.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0) return "";

        var clean = body[..BodyText.Clean(body.Span)];
        using var json = JsonDocument.Parse(clean, JsonFormat.Document);
        return json.RootElement.ValueKind is JsonValueKind.String
            ? json.RootElement.GetString()!
            : Encoding.UTF8.GetString(clean.Span.Trim(" \t\r\n"u8));
    }
}
