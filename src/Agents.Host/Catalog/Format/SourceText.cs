using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Agents.Host.Platform;

namespace Agents.Host.Catalog.Format;

/// <summary>The text of a definition as a tree of values, each with its place. Nothing in it is run, fetched or expanded.</summary>
static class SourceText
{
    /// <summary>Largest text: 1 MiB.</summary>
    public const int MostBytes = 1024 * 1024;

    /// <summary>How deep values may stand in each other.</summary>
    public const int Depth = JsonFormat.Depth;

    static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF]; // a byte order mark

    /// <exception cref="UnreadableException">It is too large, no UTF-8, has a NUL, or is no YAML or JSON.</exception>
    public static SourceNode Parse(ReadOnlyMemory<byte> text, bool isJson)
    {
        if (text.Length > MostBytes)
            throw new UnreadableException(new(1, 1, "", FormattableString.Invariant($"The text has more than {MostBytes:N0} bytes.")));
        if (text.Span.StartsWith(Mark)) text = text[Mark.Length..];
        if (text.Span.IndexOf((byte)0) is >= 0 and var nul) throw new UnreadableException(At(text.Span, nul, "A NUL stands here; text has none."));

        var characters = new char[text.Length];
        if (Utf8.ToUtf16(text.Span, characters, out var read, out var written, replaceInvalidSequences: false) is not OperationStatus.Done)
            throw new UnreadableException(At(text.Span, read, "From here on it is not UTF-8."));
        if (text.Span.Trim(" \t\r\n"u8).IsEmpty) throw new UnreadableException(new(1, 1, "", "There is nothing in it."));
        return isJson ? JsonSource.Parse(text) : YamlSource.Parse(new string(characters, 0, written));
    }

    /// <summary>The place of a byte.</summary>
    public static Mistake At(ReadOnlySpan<byte> text, int index, string reason)
    {
        var before = text[..index];
        return new(before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1, "", reason);
    }
}
