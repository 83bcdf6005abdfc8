using Agents.Domain.Runs;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>A version of a document that was withdrawn.</summary>
/// <param name="Reason">In the words of the person who withdrew it; may be empty.</param>
/// <param name="ByKey">The id of that person's key. Null when the server needed none.</param>
/// <param name="IsNew">It was not withdrawn before.</param>
public sealed record RecalledVersion(
    string DocumentId, int Version, string Source, DateTimeOffset At, string Reason, string By, string? ByKey, bool IsNew);

/// <summary>Withdraws versions of documents.</summary>
public sealed class Recalls(NpgsqlDataSource database)
{
    /// <summary>
    /// Takes a version out of the search for good; its passages stay for the citations that name them. The version before it is not searched again.
    /// Done
    /// twice, the first time counts.
    /// </summary>
    /// <returns>Null when the tenant has no such version.</returns>
    public async Task<RecalledVersion?> Recall(string tenant, string documentId, int version, string reason, Actor by, CancellationToken ct)
    {
        var id = CleanText.Of(documentId);
        var isNew = await database.First<bool>(
            """
            with recalled as (
              insert into agents.document_recall (document_id, version, tenant_id, reason, by, by_key)
              select v.document_id, v.number, v.tenant_id, @reason, @name, @key_id from agents.document_version v
              where v.tenant_id = @tenant and v.document_id = @id and v.number = @version
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
            select exists (select from recalled)
            """, new { tenant, id, version, reason = Sanitiser.Text(reason, TextBounds.ReasonCharacters), by.Name, by.KeyId }, ct);
        if (isNew) await new WordCounts(database).Refresh(tenant, isExact: false, ct);
        return await database.First<RecalledVersion>(
            """
            select r.document_id, r.version, d.source, r.at, r.reason, r.by, r.by_key, @is_new as is_new
            from agents.document_recall r join agents.document d on d.id = r.document_id
            where r.tenant_id = @tenant and r.document_id = @id and r.version = @version
            """, new { tenant, id, version, isNew }, ct);
    }

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
}
