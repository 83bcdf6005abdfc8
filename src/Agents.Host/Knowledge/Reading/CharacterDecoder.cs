using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using UtfUnknown;

namespace Agents.Host.Knowledge.Reading;

/// <summary>
/// Turns bytes into characters: by a byte order mark, the charset that the sender or the document states unless the bytes are surely UTF-8, as UTF-8
/// where they may be that, else by what they look like. Never a replacement character for what could not be read.
/// </summary>
static partial class CharacterDecoder
{
    /// <summary>Bytes that are looked at for what a document states of itself, and to tell text from binary.</summary>
    const int Start = 8_192;

    /// <summary>Bytes that are looked at to guess an encoding.</summary>
    const int Sample = 262_144;

    /// <summary>A guess below this is worth less than the commonest encoding of the West.</summary>
    const float LeastConfidence = 0.5f;

    /// <summary>Damage that leaves a text UTF-8: so many sequences that are right for one that is not.</summary>
    const int RightForWrong = 10;

    /// <summary>So many letters beyond ASCII are UTF-8 by no accident, whatever else they would mean.</summary>
    const int NoAccident = 8;

    const int Windows1252 = 1252;

    static CharacterDecoder() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <param name="mediaType">As the sender says, perhaps with a charset; null when unknown.</param>
    /// <param name="isMarkup">Whether the document may state its charset in a meta element or an XML declaration.</param>
    /// <exception cref="UnreadableDocumentException">It is no text.</exception>
    public static string Decode(byte[] content, string? mediaType, bool isMarkup)
    {
        if (Marked(content) is { } marked) return marked;
        if (Unmarked(content) is { } wide) return wide;
        if (!IsText(content)) throw new UnreadableDocumentException("binary, not text");

        var stated = Charset().Match(mediaType ?? "") is { Success: true } sent ? sent
            : isMarkup ? Stated().Match(Encoding.Latin1.GetString(content.AsSpan(0, Math.Min(content.Length, Start)))) : Match.Empty;
        if (stated.Success && Named(stated.Groups["name"].Value) is { } encoding && !IsSurelyUtf8(content, encoding)
            && Strictly(encoding, content) is { } read) return read;

        return Strictly(Encoding.UTF8.CodePage, content) ?? DamagedUtf8(content) ?? Guessed(content);
    }

    static string? Marked(byte[] content)
    {
        ReadOnlySpan<byte> bytes = content;
        return bytes.StartsWith(Encoding.UTF8.Preamble) ? Leniently(Encoding.UTF8, bytes[3..])
            : bytes.StartsWith(Encoding.UTF32.Preamble) ? Leniently(Encoding.UTF32, bytes[4..])
            : bytes.StartsWith(Encoding.Unicode.Preamble) ? Leniently(Encoding.Unicode, bytes[2..])
            : bytes.StartsWith(Encoding.BigEndianUnicode.Preamble) ? Leniently(Encoding.BigEndianUnicode, bytes[2..])
            : null;
    }

    /// <summary>UTF-16 without a mark: every other byte of a text in Latin letters is NUL.</summary>
    static string? Unmarked(byte[] content)
    {
        if (content.Length < 4 || content.Length % 2 != 0) return null;

        var (even, odd) = (0, 0);
        var pairs = Math.Min(content.Length, Start) / 2;
        for (var pair = 0; pair < pairs; pair++)
        {
            if (content[2 * pair] == 0) even++;
            if (content[(2 * pair) + 1] == 0) odd++;
        }

        return odd * 2 > pairs && even * 20 < pairs ? Strictly(Encoding.Unicode.CodePage, content)
            : even * 2 > pairs && odd * 20 < pairs ? Strictly(Encoding.BigEndianUnicode.CodePage, content)
            : null;
    }

    // A stray NUL in a text is cleaned away; a file full of them is no text. Escape begins another alphabet in ISO-2022.
    static bool IsText(byte[] content)
    {
        var strange = 0;
        var probe = content.AsSpan(0, Math.Min(content.Length, Start));
        foreach (var value in probe)
        {
            if (value is < 0x20 and not ((byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)'\f' or 0x1B)) strange++;
        }

        return strange * 20 <= probe.Length;
    }

    /// <summary>
    /// Whether the stated charset is wrong. In the commonest of them what UTF-8 needs for a letter is two or three that never stand together; in
    /// others, such as Thai's and Chinese's, it is a word now and then.
    /// </summary>
    static bool IsSurelyUtf8(ReadOnlySpan<byte> content, int stated)
    {
        if (stated == Encoding.UTF8.CodePage || !Utf8.IsValid(content)) return false;

        var (letters, least) = (0, stated == Windows1252 ? 1 : NoAccident);
        foreach (var value in content)
            if (value >= 0xC0 && ++letters == least) return true; // each begins with one of these
        return false;
    }

    static string? DamagedUtf8(byte[] content)
    {
        var (right, wrong) = (0, 0);
        ReadOnlySpan<byte> left = content;
        while (left.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(left, out _, out var length);
            if (status is not OperationStatus.Done) wrong++;
            else if (length > 1) right++;
            left = left[length..];
        }

        return right >= wrong * RightForWrong ? Leniently(Encoding.UTF8, content) : null;
    }

    static string Guessed(byte[] content)
    {
        var sample = content.AsSpan(0, Math.Min(content.Length, Sample)).ToArray();
        foreach (var guess in CharsetDetector.DetectFromBytes(sample).Details ?? [])
        {
            if (guess.Confidence < LeastConfidence) break;
            if (Named(guess.EncodingName) is { } encoding && Strictly(encoding, content) is { } read) return read;
        }

        return Strictly(Windows1252, content) ?? throw new UnreadableDocumentException("its characters cannot be told");
    }

    /// <summary>The text, or null when a byte has no meaning in the encoding.</summary>
    static string? Strictly(int codePage, byte[] content)
    {
        try
        {
            return Encoding.GetEncoding(codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback).GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The text without what has no meaning.</summary>
    static string Leniently(Encoding encoding, ReadOnlySpan<byte> content) =>
        Encoding.GetEncoding(encoding.CodePage, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback("")).GetString(content);

    /// <summary>The code page of a label; what web pages call Latin-1 is Windows-1252 (encoding.spec.whatwg.org). Null when unknown.</summary>
    static int? Named(string name)
    {
        switch (name.Trim().ToLowerInvariant())
        {
            case "iso-8859-1" or "iso8859-1" or "iso_8859-1" or "latin1" or "l1" or "ascii" or "us-ascii" or "windows-1252" or "cp1252":
                return Windows1252;
            case "iso-8859-9" or "latin5": return 1254;
            case "iso-8859-11" or "tis-620": return 874;
            case "gb2312" or "gbk" or "x-gbk" or "gb18030": return 54936;
            case "x-sjis" or "sjis" or "shift-jis" or "windows-31j" or "ms_kanji": return 932;
            case "euc-kr" or "ks_c_5601-1987" or "uhc" or "windows-949" or "cp949": return 949;
            case "utf8": return Encoding.UTF8.CodePage;
            case var label when label.StartsWith("utf-7", StringComparison.Ordinal): return null;
            case var label:
                try
                {
                    return Encoding.GetEncoding(label).CodePage;
                }
                catch (ArgumentException)
                {
                    return null;
                }
        }
    }

    [GeneratedRegex(@"charset\s*=\s*[""']?(?<name>[\w.:-]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Charset();

    [GeneratedRegex(
        @"<meta[^>]{0,200}?charset\s*=\s*[""']?\s*(?<name>[\w.:-]+)|<\?xml[^>]{0,100}?encoding\s*=\s*[""'](?<name>[\w.:-]+)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Stated();
}
