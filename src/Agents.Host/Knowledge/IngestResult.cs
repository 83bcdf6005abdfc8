namespace Agents.Host.Knowledge;

/// <summary>What became of a document that was offered.</summary>
public enum IngestOutcome
{
    /// <summary>It was not there, or had been deleted.</summary>
    Added,

    /// <summary>It was there with other content.</summary>
    NewVersion,

    /// <summary>It was there with the same content.</summary>
    Unchanged,

    /// <summary>It could not be read; the reason says why.</summary>
    Skipped,
}

/// <summary>What became of one document.</summary>
/// <param name="DocumentId">Null when it was skipped.</param>
/// <param name="Version">0 when it was skipped.</param>
/// <param name="Passages">How many passages its latest version has; 0 when it was skipped.</param>
/// <param name="Reason">Why it was skipped; null otherwise.</param>
public sealed record IngestedDocument(string Source, IngestOutcome Outcome, string? DocumentId, int Version, int Passages, string? Reason = null)
{
    internal static IngestedDocument Skipped(string source, string reason) => new(source, IngestOutcome.Skipped, null, 0, 0, reason);
}

/// <summary>What became of the files of one ingest, in the order they were read.</summary>
public sealed record IngestResult(IReadOnlyList<IngestedDocument> Documents)
{
    /// <summary>How many documents had this outcome.</summary>
    public int Count(IngestOutcome outcome) => Documents.Count(document => document.Outcome == outcome);

    /// <summary>Passages of all documents that were read, changed or not.</summary>
    public int Passages() => Documents.Sum(document => document.Passages);
}
