using Agents.Host.Engine.Requests;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Batches;

/// <summary>A batch of runs, or a what-if, that was asked for under a key of the tenant: they share their keys.</summary>
public sealed record EarlierBatch(Guid BatchId, string RequestHash)
{
    /// <summary>Null when there is none. Requests with the same key wait until the session's transaction ends.</summary>
    public static async Task<EarlierBatch?> Of(NpgsqlDataSource database, IDocumentSession session, string key, CancellationToken ct)
    {
        await EarlierRuns.WaitForOthers(session, $"batch {key}", ct);
        return await database.First<EarlierBatch>(
            "select batch_id, request_hash from agents.batch where tenant_id = @tenant_id and idempotency_key = @key",
            new { session.TenantId, key }, ct);
    }
}
