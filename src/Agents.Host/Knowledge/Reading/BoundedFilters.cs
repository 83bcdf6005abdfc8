using System.IO.Compression;
using UglyToad.PdfPig.Filters;
using UglyToad.PdfPig.Tokens;

namespace Agents.Host.Knowledge.Reading;

/// <summary>Decodes the compressed parts of a PDF as long as they expand to no more than a limit together.</summary>
sealed class BoundedFilters(IFilterProvider inner, long most) : IFilterProvider
{
    long taken;

    /// <summary>Whether the limit was reached. The library goes on where a part cannot be decoded, so it is asked for after each step.</summary>
    public bool IsSpent => taken > most;

    public IReadOnlyList<IFilter> GetFilters(DictionaryToken dictionary) => Bound(inner.GetFilters(dictionary));

    public IReadOnlyList<IFilter> GetNamedFilters(IReadOnlyList<NameToken> names) => Bound(inner.GetNamedFilters(names));

    public IReadOnlyList<IFilter> GetAllFilters() => Bound(inner.GetAllFilters());

    /// <exception cref="UnreadableDocumentException">The limit was reached.</exception>
    public void Check()
    {
        if (IsSpent) throw new UnreadableDocumentException($"it expands to more than {most} bytes");
    }

    IReadOnlyList<IFilter> Bound(IReadOnlyList<IFilter> filters) => [.. filters.Select(filter => new Bounded(this, filter))];

    void Take(long bytes)
    {
        taken += bytes;
        Check();
    }

    /// <summary>How long the data is once it is inflated; counting ends a little beyond what is left.</summary>
    long Inflated(Memory<byte> data)
    {
        const int header = 2;
        var length = 0L;
        using var source = new MemoryStream(data.ToArray(), Math.Min(header, data.Length), Math.Max(0, data.Length - header));
        using var inflated = new DeflateStream(source, CompressionMode.Decompress);
        var buffer = new byte[81_920];
        try
        {
            for (int read; taken + length <= most && (read = inflated.Read(buffer)) > 0;) length += read;
        }
        catch (InvalidDataException)
        {
            // The library says so itself, or reads what there is.
        }

        return length;
    }

    /// <summary>How long run-length encoded data is (ISO 32000, 7.4.5): a byte below 128 copies one more than it says, one above repeats the next.</summary>
    static long Repeated(ReadOnlySpan<byte> data)
    {
        var length = 0L;
        for (var at = 0; at < data.Length && data[at] != 128;)
        {
            var isCopied = data[at] < 128;
            length += isCopied ? data[at] + 1 : 257 - data[at];
            at += isCopied ? data[at] + 2 : 2;
        }

        return length;
    }

    sealed class Bounded(BoundedFilters budget, IFilter inner) : IFilter
    {
        public bool IsSupported => inner.IsSupported;

        public Memory<byte> Decode(Memory<byte> input, DictionaryToken streamDictionary, IFilterProvider filterProvider, int filterIndex)
        {
            budget.Check();
            // Counted before it is held in memory, where that can be told.
            long? expanded = inner switch
            {
                FlateFilter => budget.Inflated(input),
                RunLengthFilter => Repeated(input.Span),
                _ => null,
            };
            if (expanded is { } bytes) budget.Take(bytes);
            var decoded = inner.Decode(input, streamDictionary, filterProvider, filterIndex);
            if (expanded is null) budget.Take(decoded.Length);
            return decoded;
        }
    }
}
