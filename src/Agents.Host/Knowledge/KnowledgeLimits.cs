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
