namespace Agents.Host.Knowledge;

/// <summary>The bounds of reading and searching documents. What passes one is skipped or cut, and says so.</summary>
public sealed record KnowledgeLimits
{
    /// <summary>Longest document that is read, in bytes. Default 32 MiB.</summary>
    public long DocumentBytes { get; init; } = 32L * 1024 * 1024;

    /// <summary>Longest text taken from one document, in characters; a longer one is skipped. Default 8 million.</summary>
    public int TextCharacters { get; init; } = 8_000_000;

    /// <summary>Most pages of a PDF; one with more is skipped. Default 2,000.</summary>
    public int PdfPages { get; init; } = 2_000;

    /// <summary>Most elements of a page or a Markdown text. Default 500,000.</summary>
    public int Nodes { get; init; } = 500_000;

    /// <summary>How deep the elements of a page may be nested. Default 512.</summary>
    public int Depth { get; init; } = 512;

    /// <summary>What the compressed parts of a PDF may expand to together, in bytes. Default 64 MiB.</summary>
    public long DecodedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>How long reading one document may take, in seconds. Default 10.</summary>
    public int ReadingSeconds { get; init; } = 10;

    /// <summary>Memory of a process that reads documents, in bytes; what needs more is skipped. Default 256 MiB.</summary>
    public long ReaderBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Documents a node reads at the same time; others wait. One tenant has one at a time. Default 2.</summary>
    public int Readers { get; init; } = 2;

    /// <summary>Most files taken from one folder; those beyond are not looked at. Default 100,000.</summary>
    public int FilesPerFolder { get; init; } = 100_000;

    /// <summary>Longest source label, in characters; the rest is cut. Default 1,000.</summary>
    public int SourceCharacters { get; init; } = 1_000;

    /// <summary>What a query is cut to, in characters. Default 4,000.</summary>
    public int QueryCharacters { get; init; } = 4_000;

    /// <summary>How many different words of a query count; the rarest are kept. Default 40.</summary>
    public int QueryWords { get; init; } = 40;

    /// <summary>Most passages one search returns. Default 50.</summary>
    public int Results { get; init; } = 50;

    /// <summary>Most rows of one page of documents. Default 200.</summary>
    public int PageSize { get; init; } = 200;
}
