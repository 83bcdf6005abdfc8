using Agents.Host.Knowledge.Reading;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>Reads documents into the knowledge base: one transaction per document, the same content only once.</summary>
public sealed class Ingest(NpgsqlDataSource database, KnowledgeLimits limits, DocumentReaders readers)
{
    /// <summary>Reads one document.</summary>
    /// <param name="source">The label that names the document within the tenant; another content under it is a new version.</param>
    /// <param name="mediaType">As the sender says; null when unknown.</param>
    /// <param name="by">Null for the server itself.</param>
    /// <returns>Skipped with a reason when it cannot be read; never an exception for what the content is.</returns>
    public async Task<IngestedDocument> Document(
        string tenant, string source, string? mediaType, Stream content, Actor? by = null, CancellationToken ct = default)
    {
        await using var held = await HeldContent.Read(content, limits.DocumentBytes, ct);
        var document = await Store(tenant, source, mediaType, held, by ?? Actor.System, ct);
        if (document.Outcome is IngestOutcome.Added or IngestOutcome.NewVersion) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return document;
    }

    /// <inheritdoc cref="Document(string, string, string?, Stream, Actor?, CancellationToken)"/>
    public async Task<IngestedDocument> Document(
        string tenant, string source, string? mediaType, byte[] content, Actor? by = null, CancellationToken ct = default)
    {
        using var stream = new MemoryStream(content, writable: false);
        return await Document(tenant, source, mediaType, stream, by, ct);
    }

    /// <summary>Reads one file; its label is its name.</summary>
    public async Task<IngestResult> File(string tenant, string path, CancellationToken ct = default)
    {
        var document = await Read(tenant, SourceFile.At(path), ct);
        if (document.Outcome is IngestOutcome.Added or IngestOutcome.NewVersion) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return new([document]);
    }

    /// <summary>Reads every file below a folder, hidden ones left out; labels are the paths below it, with <c>/</c>.</summary>
    /// <param name="progress">Told of each document as soon as it is stored or skipped.</param>
    public async Task<IngestResult> Folder(
        string tenant, string path, IProgress<IngestedDocument>? progress = null, CancellationToken ct = default)
    {
        var documents = new List<IngestedDocument>();
        foreach (var file in SourceFile.Below(path, limits.FilesPerFolder))
        {
            var document = await Read(tenant, file, ct);
            documents.Add(document);
            progress?.Report(document);
        }

        var isChanged = documents.Exists(document => document.Outcome is IngestOutcome.Added or IngestOutcome.NewVersion);
        if (isChanged) await new WordCounts(database).Refresh(tenant, isExact: true, ct);
        return new IngestResult(documents);
    }

    async Task<IngestedDocument> Read(string tenant, SourceFile file, CancellationToken ct)
    {
        var (content, refusal) = file.Open();
        if (content is null) return IngestedDocument.Skipped(Label(file.Label), refusal);

        HeldContent? held;
        try
        {
            await using (content) held = await HeldContent.Read(content, limits.DocumentBytes, ct);
        }
        catch (IOException)
        {
            return IngestedDocument.Skipped(Label(file.Label), "cannot be read");
        }

        await using (held) return await Store(tenant, file.Label, null, held, Actor.System, ct);
    }

    /// <param name="content">Null when it is longer than a document may be.</param>
    async Task<IngestedDocument> Store(string tenant, string source, string? mediaType, HeldContent? content, Actor by, CancellationToken ct)
    {
        source = Label(source);
        if (source.Length == 0) return IngestedDocument.Skipped(source, "it has no source label");
        if (content is null) return IngestedDocument.Skipped(source, $"larger than {limits.DocumentBytes} bytes");
        if (await Unchanged(tenant, source, content.Hash, ct) is { } unchanged) return unchanged;

        try
        {
            // Reading may take long and holds nothing; another ingest may have stored the same meanwhile.
            var read = await readers.Read(tenant, source, mediaType, content, ct);
            await using var transaction = await DocumentVersionTransaction.Open(database, tenant, source, content.Hash, ct);
            return await transaction.Unchanged(content.Hash, ct) ?? await transaction.Add(read, content.Hash, content.Length, by, ct);
        }
        catch (UnreadableDocumentException unreadable)
        {
            return IngestedDocument.Skipped(source, unreadable.Message);
        }
    }

    async Task<IngestedDocument?> Unchanged(string tenant, string source, byte[] hash, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await DocumentVersionTransaction.Unchanged(connection, tenant, source, hash, ct);
    }

    string Label(string source) => CleanText.Cut(CleanText.OneLine(source), limits.SourceCharacters);
}
