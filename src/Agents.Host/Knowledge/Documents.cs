using System.Text.Json.Serialization;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>A document as lists show it.</summary>
/// <param name="Version">The latest, which is the one that is searched.</param>
public sealed record ListedDocument(
    string Id, string Source, string Title, int Version, string MediaType, long Bytes, int Passages, DateTimeOffset ChangedAt);

/// <summary>A page of documents in the order of their labels.</summary>
/// <param name="Next">What to ask for the page after this one with; null on the last.</param>
public sealed record DocumentPage(IReadOnlyList<ListedDocument> Items, string? Next);

/// <summary>What a document was at one time.</summary>
/// <param name="Sha256">Hash of the content as it was received, in lower-case hexadecimal.</param>
/// <param name="RecalledAt">When it was withdrawn. Null when it was not.</param>
public sealed record DocumentVersion(
    int Number, string Title, string MediaType, long Bytes, string Sha256, int Passages, DateTimeOffset CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? RecalledAt = null);

/// <summary>A document with all its versions, the latest first.</summary>
/// <param name="DeletedAt">Since when it is no longer searched; null while it is.</param>
public sealed record DocumentHistory(
    string Id, string Source, DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt, IReadOnlyList<DocumentVersion> Versions);

/// <summary>Looks at and removes a tenant's documents. What belongs to another tenant does not exist here.</summary>
public sealed class Documents(NpgsqlDataSource database, KnowledgeLimits limits)
{
    /// <summary>The documents that are searched, a page at a time.</summary>
    /// <param name="after">The <see cref="DocumentPage.Next"/> of the page before; null for the first.</param>
    public async Task<DocumentPage> List(string tenant, string? after = null, int limit = 50, CancellationToken ct = default)
    {
        limit = Math.Clamp(limit, 1, limits.PageSize);
        var items = await database.Query<ListedDocument>(
            """
            select d.id, d.source, v.title, v.number as version, v.media_type, v.bytes, v.passages, v.created_at as changed_at
            from agents.document d join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
            where d.tenant_id = @tenant and d.deleted_at is null and (@after = '' or d.source > @after)
            order by d.source limit @most
            """, new { tenant, after = CleanText.Of(after ?? ""), most = limit + 1 }, ct);
        return items.Count <= limit ? new DocumentPage(items, null) : new DocumentPage(items[..limit], items[limit - 1].Source);
    }

    /// <summary>One document, deleted or not. Null when the tenant has none of that id.</summary>
    public async Task<DocumentHistory?> Get(string tenant, string documentId, CancellationToken ct = default)
    {
        var rows = await database.Query<VersionRow>(
            """
            select d.id, d.source, d.created_at, d.deleted_at,
              v.number, v.title, v.media_type, v.bytes, encode(v.content_hash, 'hex') as sha_256, v.passages, v.created_at as version_created_at,
              r.at as recalled_at
            from agents.document d join agents.document_version v on v.document_id = d.id
            left join agents.document_recall r on r.document_id = v.document_id and r.version = v.number
            where d.tenant_id = @tenant and d.id = @id
            order by v.number desc
            """, new { tenant, id = CleanText.Of(documentId) }, ct);
        return rows is [var document, ..]
            ? new(document.Id, document.Source, document.CreatedAt, document.DeletedAt, rows.ConvertAll(row => row.ToVersion()))
            : null;
    }

    /// <summary>A passage of any version, its score 0. Null when the tenant has none of that id.</summary>
    public async Task<Passage?> Passage(string tenant, string passageId, CancellationToken ct = default) =>
        await database.First<PassageRow>(
            """
            select p.document_id, p.version, p.passage_id, d.source, p.heading, p.text
            from agents.passage p join agents.document d on d.id = p.document_id and d.tenant_id = p.tenant_id
            where p.tenant_id = @tenant and p.passage_id = @id
            """, new { tenant, id = CleanText.Of(passageId) }, ct) is { } row
            ? new(row.DocumentId, row.Version, row.PassageId, row.Source, row.Heading, row.Text, 0)
            : null;

    /// <summary>Takes a document out of the search; its versions and passages stay for the citations that name them.</summary>
    /// <param name="by">Null for the server itself.</param>
    /// <returns>False when there is nothing to delete.</returns>
    public async Task<bool> Delete(string tenant, string documentId, Actor? by = null, CancellationToken ct = default)
    {
        var isDeleted = await database.First<bool>(
            """
            with deleted as (
                update agents.document set deleted_at = clock_timestamp()
                where tenant_id = @tenant and id = @id and deleted_at is null returning id),
            hidden as (
                update agents.passage set words = null from deleted where document_id = deleted.id and words is not null),
            changed as (
                insert into agents.change (tenant_id, kind, subject, change, by, by_key)
                select @tenant, 'document', id, 'deleted', @name, @key_id from deleted)
            select exists (select from deleted)
            """, new { tenant, id = CleanText.Of(documentId), (by ?? Actor.System).Name, (by ?? Actor.System).KeyId }, ct);
        if (isDeleted) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return isDeleted;
    }

    sealed record VersionRow(
        string Id, string Source, DateTimeOffset CreatedAt, DateTimeOffset? DeletedAt,
        int Number, string Title, string MediaType, long Bytes, string Sha256, int Passages, DateTimeOffset VersionCreatedAt,
        DateTimeOffset? RecalledAt)
    {
        public DocumentVersion ToVersion() => new(Number, Title, MediaType, Bytes, Sha256, Passages, VersionCreatedAt, RecalledAt);
    }

    sealed record PassageRow(string DocumentId, int Version, string PassageId, string Source, string Heading, string Text);
}
