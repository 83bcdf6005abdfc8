using Agents.Host.Knowledge.Words;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>One transaction that adds a version of a document; holds the document's row, so two of one source go one after the other.</summary>
sealed class DocumentVersionTransaction : IAsyncDisposable
{
    readonly NpgsqlConnection connection;
    readonly NpgsqlTransaction transaction;
    readonly string tenant;
    readonly string source;
    string id = "";
    int latest;
    bool isDeleted;

    DocumentVersionTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction, string tenant, string source) =>
        (this.connection, this.transaction, this.tenant, this.source) = (connection, transaction, tenant, source);

    /// <summary>Finds the document or creates it, and locks it, after the content: a recall locks in the same order.</summary>
    /// <param name="hash">SHA-256 of the content.</param>
    public static async Task<DocumentVersionTransaction> Open(
        NpgsqlDataSource database, string tenant, string source, byte[] hash, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        var opened = new DocumentVersionTransaction(connection, await connection.BeginTransactionAsync(ct), tenant, source);
        try
        {
            await Recalls.Lock(connection, tenant, hash, ct);
            (opened.id, opened.latest, opened.isDeleted) = (await connection.First<Locked>(
                """
                insert into agents.document as d (id, tenant_id, source) values (@id, @tenant, @source)
                on conflict (tenant_id, source) do update set source = excluded.source
                returning d.id, d.latest_version, d.deleted_at is not null as is_deleted
                """, new { id = Guid.CreateVersion7().ToString("n"), tenant, source }, ct))!;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }

        return opened;
    }

    /// <inheritdoc cref="Unchanged(NpgsqlConnection, string, string, byte[], CancellationToken)"/>
    public Task<IngestedDocument?> Unchanged(byte[] hash, CancellationToken ct) => Unchanged(connection, tenant, source, hash, ct);

    /// <summary>The document as it is when its latest version has this content and is searched; else null.</summary>
    public static async Task<IngestedDocument?> Unchanged(
        NpgsqlConnection connection, string tenant, string source, byte[] hash, CancellationToken ct)
    {
        var same = await connection.First<Latest>(
            """
            select d.id, v.number, v.passages
            from agents.document d join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
            where d.tenant_id = @tenant and d.source = @source and d.deleted_at is null and v.content_hash = @hash
            """, new { tenant, source, hash }, ct);
        return same is null ? null : new(source, IngestOutcome.Unchanged, same.Id, same.Number, same.Passages);
    }

    /// <summary>Stores the document as the latest version and commits.</summary>
    /// <exception cref="UnreadableDocumentException">The same content was recalled.</exception>
    public async Task<IngestedDocument> Add(ReadDocument read, byte[] hash, long bytes, Actor by, CancellationToken ct)
    {
        if (await Recalls.Of(connection, tenant, hash, ct) is { } at)
            throw new UnreadableDocumentException(
                FormattableString.Invariant($"this content was recalled at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"));

        var number = latest + 1;
        var (language, passages) = (read.Language.ToString(), read.Passages.Count);

        await connection.Execute(
            """
            with known as (
                insert into agents.document_language (tenant_id, language) values (@tenant, @language) on conflict do nothing)
            insert into agents.document_version (document_id, number, tenant_id, content_hash, media_type, title, language, bytes, passages)
            values (@id, @number, @tenant, @hash, @media_type, @title, @language, @bytes, @passages)
            """, new { id, number, tenant, hash, read.MediaType, read.Title, language, bytes, passages }, ct);
        await connection.Execute("update agents.document set latest_version = @number, deleted_at = null where id = @id", new { id, number }, ct);
        await connection.Execute("update agents.passage set words = null where document_id = @id and words is not null", new { id }, ct);
        await Insert(read.Passages, read.Language, number, ct);
        await connection.Execute(
            """
            insert into agents.change (tenant_id, kind, subject, change, by, by_key)
            values (@tenant, 'document', @id, 'version ' || @number::text || ' added', @name, @key_id)
            """, new { tenant, id, number, by.Name, by.KeyId }, ct);
        await transaction.CommitAsync(ct);
        return new IngestedDocument(source, latest == 0 || isDeleted ? IngestOutcome.Added : IngestOutcome.NewVersion, id, number, passages);
    }

    async Task Insert(IReadOnlyList<SplitPassage> passages, Language language, int number, CancellationToken ct)
    {
        const int batch = 1_000;
        for (var first = 0; first < passages.Count; first += batch)
        {
            var some = passages.Skip(first).Take(batch).ToArray();
            var words = some.Select(passage => IndexedWords.Of(tenant, source, language, passage)).ToArray();
            await connection.Execute(
                """
                insert into agents.passage (passage_id, tenant_id, document_id, version, ordinal, heading, text, length, words)
                select @id || '/' || @number || '/' || ordinal, @tenant, @id, @number, ordinal, heading, text, length, words::tsvector
                from unnest(@ordinals, @headings, @texts, @lengths, @vectors) as p (ordinal, heading, text, length, words)
                """,
                new
                {
                    id,
                    number,
                    tenant,
                    ordinals = Enumerable.Range(first + 1, some.Length).ToArray(),
                    headings = some.Select(passage => passage.Heading).ToArray(),
                    texts = some.Select(passage => passage.Text).ToArray(),
                    lengths = words.Select(word => word.Length).ToArray(),
                    vectors = words.Select(word => word.Vector).ToArray(),
                }, ct);
        }
    }

    sealed record Locked(string Id, int LatestVersion, bool IsDeleted);

    sealed record Latest(string Id, int Number, int Passages);

    /// <summary>Rolls back what was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
