using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>A document as lists show it.</summary>
/// <param name="Version">The latest, which is the one that is searched.</param>
public sealed record ListedDocument(string Id, string Source, string Title, int Version, string MediaType, long Bytes, int Passages, DateTimeOffset ChangedAt);

/// <summary>A page of documents in the order of their labels.</summary>
/// <param name="Next">What to ask for the page after this one with; null on the last.</param>
public sealed record DocumentPage(IReadOnlyList<ListedDocument> Items, string? Next);

/// <summary>What a document was at one time.</summary>
/// <param name="Sha256">Hash of the content as it was received, in lower-case hexadecimal.</param>
public sealed record DocumentVersion(int Number, string Title, string MediaType, long Bytes, string Sha256, int Passages, DateTimeOffset CreatedAt);

/// <summary>A document with all its versions, the latest first.</summary>
/// <param name="DeletedAt">Since when it is no longer searched; null while it is.</param>
public sealed record DocumentHistory(string Id, string Source, DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt, IReadOnlyList<DocumentVersion> Versions);

/// <summary>Looks at and removes a tenant's documents. What belongs to another tenant does not exist here.</summary>
public sealed class Documents(NpgsqlDataSource database, KnowledgeLimits limits)
{
    /// <summary>The documents that are searched, a page at a time.</summary>
    /// <param name="after">The <see cref="DocumentPage.Next"/> of the page before; null for the first.</param>
    public async Task<DocumentPage> List(string tenant, string? after = null, int limit = 50, CancellationToken ct = default)
    {
        limit = Math.Clamp(limit, 1, limits.PageSize);
        await using var command = Command(
            """
            select d.id, d.source, v.title, v.number, v.media_type, v.bytes, v.passages, v.created_at
            from agents.document d join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
            where d.tenant_id = $1 and d.deleted_at is null and ($2 = '' or d.source > $2)
            order by d.source limit $3
            """, tenant, CleanText.Of(after ?? ""), limit + 1);
        var items = new List<ListedDocument>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            items.Add(new ListedDocument(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetInt32(3), rows.GetString(4),
                rows.GetInt64(5), rows.GetInt32(6), rows.GetFieldValue<DateTimeOffset>(7)));
        }

        return items.Count <= limit ? new DocumentPage(items, null) : new DocumentPage(items[..limit], items[limit - 1].Source);
    }

    /// <summary>One document, deleted or not. Null when the tenant has none of that id.</summary>
    public async Task<DocumentHistory?> Get(string tenant, string documentId, CancellationToken ct = default)
    {
        await using var command = Command(
            """
            select d.id, d.source, d.created_at, d.deleted_at, v.number, v.title, v.media_type, v.bytes, encode(v.content_hash, 'hex'), v.passages, v.created_at
            from agents.document d join agents.document_version v on v.document_id = d.id
            where d.tenant_id = $1 and d.id = $2 order by v.number desc
            """, tenant, CleanText.Of(documentId));
        DocumentHistory? document = null;
        var versions = new List<DocumentVersion>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            document ??= new DocumentHistory(rows.GetString(0), rows.GetString(1), rows.GetFieldValue<DateTimeOffset>(2),
                rows.IsDBNull(3) ? null : rows.GetFieldValue<DateTimeOffset>(3), versions);
            versions.Add(new DocumentVersion(rows.GetInt32(4), rows.GetString(5), rows.GetString(6), rows.GetInt64(7), rows.GetString(8),
                rows.GetInt32(9), rows.GetFieldValue<DateTimeOffset>(10)));
        }

        return document;
    }

    /// <summary>A passage of any version, its score 0. Null when the tenant has none of that id.</summary>
    public async Task<Passage?> Passage(string tenant, string passageId, CancellationToken ct = default)
    {
        await using var command = Command(
            """
            select p.document_id, p.version, p.passage_id, d.source, p.heading, p.text
            from agents.passage p join agents.document d on d.id = p.document_id and d.tenant_id = p.tenant_id
            where p.tenant_id = $1 and p.passage_id = $2
            """, tenant, CleanText.Of(passageId));
        await using var row = await command.ExecuteReaderAsync(ct);
        return await row.ReadAsync(ct)
            ? new Passage(row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), 0)
            : null;
    }

    /// <summary>Takes a document out of the search; its versions and passages stay for the citations that name them.</summary>
    /// <returns>False when there is nothing to delete.</returns>
    public async Task<bool> Delete(string tenant, string documentId, CancellationToken ct = default)
    {
        await using var command = Command(
            """
            with deleted as (
                update agents.document set deleted_at = clock_timestamp()
                where tenant_id = $1 and id = $2 and deleted_at is null returning id),
            hidden as (
                update agents.passage set words = null from deleted where document_id = deleted.id and words is not null)
            select count(*) from deleted
            """, tenant, CleanText.Of(documentId));
        var isDeleted = await command.ExecuteScalarAsync(ct) is 1L;
        if (isDeleted) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return isDeleted;
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
