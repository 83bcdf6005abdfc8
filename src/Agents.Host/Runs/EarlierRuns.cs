using Marten;
using Npgsql;

namespace Agents.Host.Runs;

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

    static async Task WaitForOthers(IDocumentSession session, string request, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await using var wait = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 0))");
        wait.Parameters.Add(new() { Value = session.TenantId });
        wait.Parameters.Add(new() { Value = request });
        await session.ExecuteAsync(wait, ct);
    }
}

public sealed record EarlierRun(Guid RunId, string Status, string RequestHash);
