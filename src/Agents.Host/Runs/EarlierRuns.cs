using Marten;
using Npgsql;

namespace Agents.Host.Runs;

/// <summary>The run that an idempotency key named before.</summary>
public static class EarlierRuns
{
    /// <summary>Null when the key is new. Requests with the same key wait for each other until the session's transaction ends, so that only one of them starts a run.</summary>
    public static async Task<EarlierRun?> Find(IDocumentSession session, string key, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await using var wait = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 0))");
        wait.Parameters.Add(new() { Value = session.TenantId });
        wait.Parameters.Add(new() { Value = key });
        await session.ExecuteAsync(wait, ct);

        await using var command = new NpgsqlCommand(
            "select run_id, status, request_hash from agents.run_summary where tenant_id = $1 and idempotency_key = $2");
        command.Parameters.Add(new() { Value = session.TenantId });
        command.Parameters.Add(new() { Value = key });
        await using var rows = await session.ExecuteReaderAsync(command, ct);
        return await rows.ReadAsync(ct) ? new(rows.GetGuid(0), rows.GetString(1), rows.GetString(2)) : null;
    }
}

public sealed record EarlierRun(Guid RunId, string Status, string RequestHash);
