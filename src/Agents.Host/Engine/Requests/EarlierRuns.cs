using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Engine.Requests;

/// <summary>The run that a request asked for before.</summary>
public static class EarlierRuns
{
    /// <summary>
    /// Null when the key is new. Requests with the same key wait for each other until the session's transaction ends, so that only one of them
    /// starts a run.
    /// </summary>
    public static async Task<EarlierRun?> Find(IDocumentSession session, string key, CancellationToken ct)
    {
        await WaitForOthers(session, key, ct);
        return await session.First<EarlierRun>(
            "select run_id, status, request_hash from agents.run_summary where tenant_id = @tenant_id and idempotency_key = @key",
            new { session.TenantId, key }, ct);
    }

    /// <summary>Keeps batches with keys apart from all other advisory locks: ASCII "agntbtch".</summary>
    const long BatchLock = 0x61676e7462746368;

    /// <summary>
    /// The runs that requests with these keys asked for before. Requests with one of the keys wait until the session's transaction ends. So do other
    /// batches with keys: each holds a lock for every key, and the database has room for some thousands.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, EarlierRun>> Find(IDocumentSession session, string[] keys, CancellationToken ct)
    {
        var earlier = new Dictionary<string, EarlierRun>(StringComparer.Ordinal);
        if (keys.Length == 0) return earlier;

        await session.BeginTransactionAsync(ct);
        await session.Execute("select pg_advisory_xact_lock(@batch_lock)", new { BatchLock }, ct);
        await session.Execute(
            "select pg_advisory_xact_lock(hashtextextended(@tenant_id || chr(31) || key, 0)) from unnest(@keys) key",
            new { session.TenantId, keys }, ct);

        var rows = await session.Query<KeyedRun>(
            """
            select idempotency_key, run_id, status, request_hash from agents.run_summary
            where tenant_id = @tenant_id and idempotency_key = any(@keys)
            """, new { session.TenantId, keys }, ct);
        foreach (var run in rows) earlier[run.IdempotencyKey] = new(run.RunId, run.Status, run.RequestHash);
        return earlier;
    }

    sealed record KeyedRun(string IdempotencyKey, Guid RunId, string Status, string RequestHash);

    /// <summary>
    /// The caller's latest run by the very same request without a key, when the client says that it sends the request again. Null when there is
    /// none.
    /// </summary>
    /// <remarks>Requests of the same words wait for each other: the first may not be stored yet when the client has already given it up.</remarks>
    public static async Task<Guid?> Repeated(IDocumentSession session, string requestHash, Actor by, bool isRepeated, CancellationToken ct)
    {
        await WaitForOthers(session, requestHash, ct);
        if (!isRepeated) return null;

        return await session.First<Guid?>(
            """
            select run_id from agents.run_summary
            where tenant_id = @tenant_id and request_hash = @request_hash and requested_by = @name and requested_by_key is not distinct from @key_id
              and idempotency_key is null
              and queued_at > clock_timestamp() - @repeated_within
            order by queued_at desc limit 1
            """, new { session.TenantId, requestHash, by.Name, by.KeyId, RepeatedWithin }, ct);
    }

    /// <summary>OpenAI's clients give a request ten minutes before they send it again.</summary>
    static readonly TimeSpan RepeatedWithin = TimeSpan.FromMinutes(15);

    internal static async Task WaitForOthers(IDocumentSession session, string request, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.Execute(
            "select pg_advisory_xact_lock(hashtextextended(@tenant_id || chr(31) || @request, 0))", new { session.TenantId, request }, ct);
    }
}

public sealed record EarlierRun(Guid RunId, string Status, string RequestHash);
