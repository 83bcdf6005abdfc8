using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Agents.Host.Http;

/// <summary>The bytes of a JSON body, read within a bound, with text that can be stored.</summary>
public static class BodyText
{
    const int EscapeBytes = 6; // \uXXXX
    const int CopyBytes = 64 * 1024;

    static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF]; // a byte order mark

    static ReadOnlySpan<byte> Replacement => "\\ufffd"u8;

    /// <summary>The body, at most so many bytes of it.</summary>
    /// <exception cref="BadHttpRequestException">413: it has more.</exception>
    /// <exception cref="JsonException">It is not UTF-8.</exception>
    public static async Task<Memory<byte>> Read(HttpRequest request, int most, CancellationToken ct)
    {
        var bytes = await Bytes(request, most, ct);
        if (bytes.Span.StartsWith(Mark)) bytes = bytes[Mark.Length..];
        return Utf8.IsValid(bytes.Span) ? bytes[..Clean(bytes.Span)] : throw new JsonException("The body is not UTF-8.");
    }

    /// <summary>The body as it came, at most so many bytes of it.</summary>
    /// <exception cref="BadHttpRequestException">413: it has more.</exception>
    public static async Task<Memory<byte>> Bytes(HttpRequest request, int most, CancellationToken ct)
    {
        var body = new MemoryStream();
        var buffer = new byte[Math.Min(CopyBytes, most + 1)];
        for (int read; (read = await request.Body.ReadAsync(buffer, ct)) > 0;)
        {
            if (body.Length + read > most)
                throw new BadHttpRequestException($"A body may have {most:N0} bytes.", StatusCodes.Status413PayloadTooLarge);
            body.Write(buffer, 0, read);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary>
    /// Takes escaped NUL out of JSON, and puts U+FFFD in place of half a pair, as <see cref="Domain.Runs.Sanitiser"/> does with text: in JSON a
    /// backslash stands in strings alone.
    /// </summary>
    /// <returns>How many bytes are left.</returns>
    public static int Clean(Span<byte> json)
    {
        var kept = json.IndexOf((byte)'\\');
        if (kept < 0) return json.Length;

        for (var at = kept; at < json.Length;)
        {
            var (taken, left) = json[at] == '\\' ? Escape(json[at..]) : (1, 1);
            if (left == 1) json[kept] = json[at];
            else json.Slice(at, left).CopyTo(json[kept..]);
            (at, kept) = (at + taken, kept + left);
        }

        return kept;
    }

    /// <summary>How many bytes the escape at the beginning has, and how many of them stay.</summary>
    static (int Taken, int Left) Escape(Span<byte> json)
    {
        var shortest = Math.Min(2, json.Length);
        if (Unit(json) is not { } unit) return (shortest, shortest);
        if (char.IsHighSurrogate(unit) && Unit(json[EscapeBytes..]) is { } low && char.IsLowSurrogate(low)) return (2 * EscapeBytes, 2 * EscapeBytes);
        if (char.IsSurrogate(unit)) Replacement.CopyTo(json);
        return (EscapeBytes, unit == 0 ? 0 : EscapeBytes);
    }

    /// <summary>The UTF-16 unit that an escape at the beginning stands for. Null when there is none.</summary>
    static char? Unit(ReadOnlySpan<byte> json) =>
        json.Length >= EscapeBytes && json[0] == '\\' && json[1] == 'u'
            && Utf8Parser.TryParse(json[2..EscapeBytes], out ushort unit, out var read, 'x') && read == EscapeBytes - 2 ? (char)unit : null;
}
