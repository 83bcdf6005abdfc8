using Marten;
using Npgsql;

namespace Agents.Host.Engine.Requests;

/// <summary>The run that a request asked for before.</summary>
public static class EarlierRuns
{
    /// <summary>Null when the key is new. Requests with the same key wait for each other until the session's transaction ends, so that only one of them starts a run.</summary>
    public static async Task<EarlierRun?> Find(IDocumentSession session, string key, CancellationToken ct)
    {
        await WaitForOthers(session, key, ct);
        await using var command = new NpgsqlCommand(
            "select run_id, status, request_hash from agents.run_summary where tenant_id = $1 and idempotency_key = $2");
        command.Parameters.Add(new() { Value = session.TenantId });
        command.Parameters.Add(new() { Value = key });
        await using var rows = await session.ExecuteReaderAsync(command, ct);
        return await rows.ReadAsync(ct) ? new(rows.GetGuid(0), rows.GetString(1), rows.GetString(2)) : null;
    }

    /// <summary>Keeps batches with keys apart from all other advisory locks: ASCII "agntbtch".</summary>
    const long BatchLock = 0x61676e7462746368;

    /// <summary>
    /// The runs that requests with these keys asked for before. Requests with one of the keys wait until the session's transaction ends. So do other batches
    /// with keys: each holds a lock for every key, and the database has room for some thousands.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, EarlierRun>> Find(IDocumentSession session, string[] keys, CancellationToken ct)
    {
        var earlier = new Dictionary<string, EarlierRun>(StringComparer.Ordinal);
        if (keys.Length == 0) return earlier;

        await session.BeginTransactionAsync(ct);
        await using var first = new NpgsqlCommand("select pg_advisory_xact_lock($1)");
        first.Parameters.Add(new() { Value = BatchLock });
        await session.ExecuteAsync(first, ct);
        await using var each = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || key, 0)) from unnest($2) key");
        each.Parameters.Add(new() { Value = session.TenantId });
        each.Parameters.Add(new() { Value = keys });
        await session.ExecuteAsync(each, ct);

        await using var command = new NpgsqlCommand(
            "select idempotency_key, run_id, status, request_hash from agents.run_summary where tenant_id = $1 and idempotency_key = any($2)");
        command.Parameters.Add(new() { Value = session.TenantId });
        command.Parameters.Add(new() { Value = keys });
        await using var rows = await session.ExecuteReaderAsync(command, ct);
        while (await rows.ReadAsync(ct)) earlier[rows.GetString(0)] = new(rows.GetGuid(1), rows.GetString(2), rows.GetString(3));
        return earlier;
    }

    /// <summary>The caller's latest run by the very same request without a key, when the client says that it sends the request again. Null when there is none.</summary>
    /// <remarks>Requests of the same words wait for each other: the first may not be stored yet when the client has already given it up.</remarks>
    public static async Task<Guid?> Repeated(IDocumentSession session, string requestHash, string by, bool isRepeated, CancellationToken ct)
    {
        await WaitForOthers(session, requestHash, ct);
        if (!isRepeated) return null;

        await using var command = new NpgsqlCommand(
            """
            select run_id from agents.run_summary
            where tenant_id = $1 and request_hash = $2 and requested_by = $3 and idempotency_key is null and queued_at > clock_timestamp() - $4
            order by queued_at desc limit 1
            """);
        command.Parameters.Add(new() { Value = session.TenantId });
        command.Parameters.Add(new() { Value = requestHash });
        command.Parameters.Add(new() { Value = by });
        command.Parameters.Add(new() { Value = RepeatedWithin });
        await using var rows = await session.ExecuteReaderAsync(command, ct);
        return await rows.ReadAsync(ct) ? rows.GetGuid(0) : null;
    }

    /// <summary>OpenAI's clients give a request ten minutes before they send it again.</summary>
    static readonly TimeSpan RepeatedWithin = TimeSpan.FromMinutes(15);

    internal static async Task WaitForOthers(IDocumentSession session, string request, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await using var wait = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 0))");
        wait.Parameters.Add(new() { Value = session.TenantId });
        wait.Parameters.Add(new() { Value = request });
        await session.ExecuteAsync(wait, ct);
    }
}

public sealed record EarlierRun(Guid RunId, string Status, string RequestHash);
