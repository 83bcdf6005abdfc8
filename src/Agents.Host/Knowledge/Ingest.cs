using System.Security.Cryptography;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>Reads documents into the knowledge base: one transaction per document, the same content only once.</summary>
public sealed class Ingest(NpgsqlDataSource database, KnowledgeLimits limits)
{
    /// <summary>Reads one document.</summary>
    /// <param name="source">The label that names the document within the tenant; another content under it is a new version.</param>
    /// <param name="mediaType">As the sender says; null when unknown.</param>
    /// <param name="by">Null for the server itself.</param>
    /// <returns>Skipped with a reason when it cannot be read; never an exception for what the content is.</returns>
    public async Task<IngestedDocument> Document(
        string tenant, string source, string? mediaType, Stream content, Actor? by = null, CancellationToken ct = default)
    {
        var bytes = await ReadBounded(content, ct);
        return bytes is null
            ? IngestedDocument.Skipped(Label(source), $"larger than {limits.DocumentBytes} bytes")
            : await Document(tenant, source, mediaType, bytes, by, ct);
    }

    /// <inheritdoc cref="Document(string, string, string?, Stream, Actor?, CancellationToken)"/>
    public async Task<IngestedDocument> Document(
        string tenant, string source, string? mediaType, byte[] content, Actor? by = null, CancellationToken ct = default)
    {
        var document = await Store(tenant, source, mediaType, content, by ?? Actor.System, ct);
        if (document.Outcome is IngestOutcome.Added or IngestOutcome.NewVersion) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return document;
    }

    /// <summary>Reads one file; its label is its name.</summary>
    public async Task<IngestResult> File(string tenant, string path, CancellationToken ct = default) =>
        new([await Read(tenant, new SourceFile(Path.GetFullPath(path), Path.GetFileName(path)), ReadOne, ct)]);

    /// <summary>Reads every file below a folder, hidden ones left out; labels are the paths below it, with <c>/</c>.</summary>
    /// <param name="progress">Told of each document as soon as it is stored or skipped.</param>
    public async Task<IngestResult> Folder(
        string tenant, string path, IProgress<IngestedDocument>? progress = null, CancellationToken ct = default)
    {
        var documents = new List<IngestedDocument>();
        foreach (var file in SourceFile.Below(path, limits.FilesPerFolder))
        {
            var document = await Read(tenant, file, Store, ct);
            documents.Add(document);
            progress?.Report(document);
        }

        var isChanged = documents.Exists(document => document.Outcome is IngestOutcome.Added or IngestOutcome.NewVersion);
        if (isChanged) await new WordCounts(database).Refresh(tenant, isExact: true, ct);
        return new IngestResult(documents);
    }

    Task<IngestedDocument> ReadOne(string tenant, string source, string? mediaType, byte[] content, CancellationToken ct) =>
        Document(tenant, source, mediaType, content, by: null, ct);

    Task<IngestedDocument> Store(string tenant, string source, string? mediaType, byte[] content, CancellationToken ct) =>
        Store(tenant, source, mediaType, content, Actor.System, ct);

    async Task<IngestedDocument> Read(
        string tenant, SourceFile file, Func<string, string, string?, byte[], CancellationToken, Task<IngestedDocument>> take, CancellationToken ct)
    {
        if (file.Refusal is not null) return IngestedDocument.Skipped(Label(file.Label), file.Refusal);

        try
        {
            await using var content = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = await ReadBounded(content, ct);
            return bytes is null
                ? IngestedDocument.Skipped(Label(file.Label), $"larger than {limits.DocumentBytes} bytes")
                : await take(tenant, file.Label, null, bytes, ct);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return IngestedDocument.Skipped(Label(file.Label), "cannot be opened");
        }
    }

    async Task<IngestedDocument> Store(string tenant, string source, string? mediaType, byte[] content, Actor by, CancellationToken ct)
    {
        source = Label(source);
        if (source.Length == 0) return IngestedDocument.Skipped(source, "it has no source label");

        var hash = SHA256.HashData(content);
        if (await Unchanged(tenant, source, hash, ct) is { } unchanged) return unchanged;

        try
        {
            // Reading may take long and holds nothing; another ingest may have stored the same meanwhile.
            var text = DocumentReader.Read(source, mediaType, content, limits, ct);
            await using var transaction = await DocumentVersionTransaction.Open(database, tenant, source, ct);
            return await transaction.Unchanged(hash, ct) ?? await transaction.Add(text, hash, content.LongLength, by, ct);
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

    string Label(string source)
    {
        var label = CleanText.OneLine(source);
        return label.Length <= limits.SourceCharacters ? label : CleanText.Of(label[..limits.SourceCharacters]);
    }

    /// <summary>The whole content, or null when it is longer than a document may be.</summary>
    async Task<byte[]?> ReadBounded(Stream content, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[81_920];
        int read;
        while ((read = await content.ReadAsync(buffer, ct)) > 0)
        {
            if (bytes.Length + read > limits.DocumentBytes) return null;
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }
}
