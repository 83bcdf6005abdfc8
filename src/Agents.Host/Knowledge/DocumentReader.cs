using System.Text;
using Agents.Host.Knowledge.Reading;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>Turns bytes into text. What the bytes are decides; the name only tells Markdown and HTML from plain text.</summary>
public static class DocumentReader
{
    /// <summary>A document that is shorter may have this many characters whatever it expands to.</summary>
    const int CharactersAlways = 100_000;

    /// <summary>Characters of text for each byte; only a file that was made to do harm has more.</summary>
    const int CharactersPerByte = 100;

    static readonly (byte[] Magic, string Name)[] Binary =
    [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP or Office file"), ([0x1F, 0x8B], "a gzip file"), ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"), ([0x47, 0x49, 0x46, 0x38], "a GIF image"), ([0x7F, 0x45, 0x4C, 0x46], "a program"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old Office file"), ([0x37, 0x7A, 0xBC, 0xAF], "a 7z file"), ([0x52, 0x61, 0x72, 0x21], "a RAR file"),
    ];

    /// <summary>A document as it is stored: its text in passages.</summary>
    /// <inheritdoc cref="Read"/>
    public static ReadDocument ReadPassages(string name, string? mediaType, byte[] content, KnowledgeLimits limits)
    {
        var read = Read(name, mediaType, content, limits);
        var title = read.Title ?? Outline.Short(Path.GetFileNameWithoutExtension(name));
        var passages = Splitter.Split(title, read).ToList();
        return new ReadDocument(read.MediaType, title, Languages.Of(string.Join('\n', passages.Take(100).Select(passage => passage.Text))), passages);
    }

    /// <summary>The text of a document.</summary>
    /// <param name="name">A path or label; only its extension is looked at.</param>
    /// <param name="mediaType">As the sender says; believed only where the bytes do not contradict. Null when unknown.</param>
    /// <exception cref="UnreadableDocumentException">It is empty, binary, damaged, encrypted or beyond a limit; the message says which.</exception>
    public static ReadText Read(string name, string? mediaType, byte[] content, KnowledgeLimits limits)
    {
        if (content.LongLength > limits.DocumentBytes) throw new UnreadableDocumentException($"larger than {limits.DocumentBytes} bytes");
        if (content.Length == 0) throw new UnreadableDocumentException("empty");
        foreach (var (magic, kind) in Binary)
        {
            if (content.AsSpan().StartsWith(magic)) throw new UnreadableDocumentException($"{kind}, not text");
        }

        limits = limits with
        {
            TextCharacters = (int)Math.Min(limits.TextCharacters, Math.Max(CharactersAlways, content.LongLength * CharactersPerByte)),
        };
        try
        {
            var read = content.AsSpan(0, Math.Min(content.Length, 1024)).IndexOf("%PDF-"u8) >= 0
                ? PdfReader.Read(content, limits)
                : ReadCharacters(name, mediaType, content, limits);
            return read.Sections.Count > 0 ? read : throw new UnreadableDocumentException("no text in it");
        }
        catch (Exception parsing) when (parsing is not (UnreadableDocumentException or OutOfMemoryException))
        {
            // Parsers of foreign formats throw what they like on damaged input.
            throw new UnreadableDocumentException($"damaged or encrypted: {Outline.Short(parsing.Message)}");
        }
    }

    static ReadText ReadCharacters(string name, string? mediaType, byte[] content, KnowledgeLimits limits)
    {
        var start = Encoding.Latin1.GetString(content.AsSpan(0, Math.Min(content.Length, 512)));
        var kind = Kind(name, mediaType, start);
        var text = CharacterDecoder.Decode(content, mediaType, isMarkup: kind is "text/html" || start.StartsWith("<?xml", StringComparison.Ordinal));
        if (string.IsNullOrWhiteSpace(text)) throw new UnreadableDocumentException("empty");

        // What a soft hyphen divides at a line's end is one word, as it is inside the line.
        text = CleanText.Of(text.ReplaceLineEndings("\n").Replace("\u00AD\n", "", StringComparison.Ordinal));
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
}
