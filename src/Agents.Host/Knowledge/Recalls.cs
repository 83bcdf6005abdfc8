using Agents.Domain.Runs;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>A version of a document that was withdrawn.</summary>
/// <param name="Reason">In the words of the person who withdrew it; may be empty.</param>
/// <param name="ByKey">The id of that person's key. Null when the server needed none.</param>
/// <param name="IsNew">It was not withdrawn before.</param>
public sealed record RecalledVersion(
    string DocumentId, int Version, string Source, DateTimeOffset At, string Reason, string By, string? ByKey, bool IsNew)
{
    /// <summary>Other versions, of this document and of others, that have the same content: they are withdrawn, too.</summary>
    public IReadOnlyList<SameContent> SameContent { get; init; } = [];
}

/// <summary>A version of a document.</summary>
/// <param name="Source">The label that names the document.</param>
public sealed record SameContent(string DocumentId, int Version, string Source);

/// <summary>Withdraws versions of documents.</summary>
public sealed class Recalls(NpgsqlDataSource database)
{
    /// <summary>
    /// Takes a version out of the search for good, and with it all versions of the tenant that have the same content, under whatever name. Their
    /// passages stay for the citations that name them. The version before it is not searched again. Done twice, the first time counts.
    /// </summary>
    /// <returns>Null when the tenant has no such version.</returns>
    public async Task<RecalledVersion?> Recall(string tenant, string documentId, int version, string reason, Actor by, CancellationToken ct)
    {
        var id = CleanText.Of(documentId);
        await using var connection = await database.OpenConnectionAsync(ct);
        var hash = await connection.First<byte[]>(
            "select content_hash from agents.document_version where tenant_id = @tenant and document_id = @id and number = @version",
            new { tenant, id, version }, ct);
        if (hash is null) return null;

        var (versions, isNew) = await Withdraw(connection, tenant, hash, id, version, Sanitiser.Text(reason, TextBounds.ReasonCharacters), by, ct);
        if (versions > 0) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        var found = await connection.First<RecalledVersion>(
            """
            select r.document_id, r.version, d.source, r.at, r.reason, r.by, r.by_key, @is_new as is_new
            from agents.document_recall r join agents.document d on d.id = r.document_id
            where r.tenant_id = @tenant and r.document_id = @id and r.version = @version
            """, new { tenant, id, version, isNew }, ct);
        var same = await connection.Query<SameContent>(
            """
            select v.document_id, v.number as version, d.source
            from agents.document_version v join agents.document d on d.id = v.document_id
            where v.tenant_id = @tenant and v.content_hash = @hash and (v.document_id, v.number) <> (@id, @version)
            order by d.source, v.number
            """, new { tenant, hash, id, version }, ct);
        return found! with { SameContent = same };
    }

    /// <summary>How many versions were withdrawn now, and whether the one that was named is among them.</summary>
    static async Task<Withdrawn> Withdraw(
        NpgsqlConnection connection, string tenant, byte[] hash, string id, int version, string reason, Actor by, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Lock(connection, tenant, hash, ct);
        var withdrawn = await connection.First<Withdrawn>(
            """
            with recalled as (
              insert into agents.document_recall (document_id, version, tenant_id, reason, by, by_key)
              select v.document_id, v.number, v.tenant_id, @reason, @name, @key_id from agents.document_version v
              where v.tenant_id = @tenant and v.content_hash = @hash
              on conflict do nothing
              returning document_id, version),
            withdrawn as (
              update agents.document d set deleted_at = clock_timestamp() from recalled r
              where d.id = r.document_id and d.latest_version = r.version and d.deleted_at is null),
            hidden as (
              update agents.passage p set words = null from recalled r
              where p.document_id = r.document_id and p.version = r.version and p.words is not null),
            changed as (
              insert into agents.change (tenant_id, kind, subject, change, by, by_key)
              select @tenant, 'document', document_id, 'version ' || version::text || ' recalled', @name, @key_id from recalled)
            select count(*)::integer as versions, count(*) filter (where document_id = @id and version = @version) > 0 as is_named from recalled
            """, new { tenant, id, version, hash, reason, by.Name, by.KeyId }, ct);
        await transaction.CommitAsync(ct);
        return withdrawn!;
    }

    /// <summary>Until the transaction ends, content is not both added under one name and withdrawn under another.</summary>
    /// <param name="hash">SHA-256 of the content.</param>
    internal static Task Lock(NpgsqlConnection connection, string tenant, byte[] hash, CancellationToken ct) => connection.Execute(
        "select pg_advisory_xact_lock(hashtextextended(@tenant || ' ' || encode(@hash, 'hex'), 0))", new { tenant, hash }, ct);

    /// <summary>When content was withdrawn, under whatever name. Null when it never was.</summary>
    /// <param name="hash">SHA-256 of the content.</param>
    internal static Task<DateTimeOffset?> Of(NpgsqlConnection connection, string tenant, byte[] hash, CancellationToken ct) =>
        connection.First<DateTimeOffset?>(
            """
            select r.at from agents.document_recall r
            join agents.document_version v on v.document_id = r.document_id and v.number = r.version
            where r.tenant_id = @tenant and v.content_hash = @hash
            order by r.at limit 1
            """, new { tenant, hash }, ct);

    sealed record Withdrawn(int Versions, bool IsNamed);
}
