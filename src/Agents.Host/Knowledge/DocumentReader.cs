using System.Text;

namespace Agents.Host.Knowledge;

/// <summary>Turns bytes into text. What the bytes are decides; the name only tells Markdown and HTML from plain text.</summary>
public static class DocumentReader
{
    const int Probe = 8192;

    static readonly (byte[] Magic, string Name)[] Binary =
    [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP or Office file"), ([0x1F, 0x8B], "a gzip file"), ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"), ([0x47, 0x49, 0x46, 0x38], "a GIF image"), ([0x7F, 0x45, 0x4C, 0x46], "a program"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old Office file"), ([0x37, 0x7A, 0xBC, 0xAF], "a 7z file"), ([0x52, 0x61, 0x72, 0x21], "a RAR file"),
    ];

    /// <summary>The text of a document.</summary>
    /// <param name="name">A path or label; only its extension is looked at.</param>
    /// <param name="mediaType">As the sender says; believed only where the bytes do not contradict. Null when unknown.</param>
    /// <exception cref="UnreadableDocumentException">It is empty, binary, damaged, encrypted or beyond a limit; the message says which.</exception>
    public static ReadText Read(string name, string? mediaType, byte[] content, KnowledgeLimits limits, CancellationToken ct = default)
    {
        if (content.LongLength > limits.DocumentBytes) throw new UnreadableDocumentException($"larger than {limits.DocumentBytes} bytes");
        if (content.Length == 0) throw new UnreadableDocumentException("empty");
        foreach (var (magic, kind) in Binary)
        {
            if (content.AsSpan().StartsWith(magic)) throw new UnreadableDocumentException($"{kind}, not text");
        }

        try
        {
            var read = content.AsSpan(0, Math.Min(content.Length, 1024)).IndexOf("%PDF-"u8) >= 0
                ? PdfReader.Read(content, limits, ct)
                : ReadCharacters(name, mediaType, Decode(content), limits);
            return read.Sections.Count > 0 ? read : throw new UnreadableDocumentException("no text in it");
        }
        catch (Exception parsing) when (parsing is not (UnreadableDocumentException or OperationCanceledException or OutOfMemoryException))
        {
            // Parsers of foreign formats throw what they like on damaged input.
            throw new UnreadableDocumentException($"damaged or encrypted: {CleanText.OneLine(parsing.Message)}");
        }
    }

    static ReadText ReadCharacters(string name, string? mediaType, string text, KnowledgeLimits limits)
    {
        if (string.IsNullOrWhiteSpace(text)) throw new UnreadableDocumentException("empty");

        text = CleanText.Of(text);
        return Kind(name, mediaType, text) switch
        {
            "text/html" => HtmlReader.Read(text, limits),
            "text/markdown" => MarkdownReader.Read(text, limits),
            _ => PlainTextReader.Read(text, limits),
        };
    }

    static string Kind(string name, string? mediaType, string text)
    {
        var start = text.AsSpan(0, Math.Min(text.Length, 512)).TrimStart();
        if (start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            return "text/html";

        var stated = mediaType?.Split(';')[0].Trim().ToLowerInvariant();
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".md" or ".markdown" or ".mdx" => "text/markdown",
            ".html" or ".htm" or ".xhtml" => "text/html",
            _ when stated is "text/html" or "application/xhtml+xml" => "text/html",
            _ when stated is "text/markdown" or "text/x-markdown" => "text/markdown",
            _ => "text/plain",
        };
    }

    static string Decode(byte[] content)
    {
        if (content.AsSpan().StartsWith(Encoding.UTF8.Preamble)) return Encoding.UTF8.GetString(content.AsSpan(3));
        if (content.AsSpan().StartsWith(Encoding.Unicode.Preamble)) return Encoding.Unicode.GetString(content.AsSpan(2));
        if (content.AsSpan().StartsWith(Encoding.BigEndianUnicode.Preamble)) return Encoding.BigEndianUnicode.GetString(content.AsSpan(2));

        var text = Encoding.UTF8.GetString(content);
        var probe = text.AsSpan(0, Math.Min(text.Length, Probe));
        var strange = 0;
        foreach (var character in probe)
        {
            if (character is '\uFFFD' or (< ' ' and not ('\n' or '\r' or '\t' or '\f'))) strange++;
        }

        // A stray NUL in a text is cleaned away; a file full of them is no text.
        return strange * 20 <= probe.Length ? text : throw new UnreadableDocumentException("binary, not text");
    }
}
