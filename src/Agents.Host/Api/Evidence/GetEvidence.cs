using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Evidence;

/// <summary>How far the tenant's history is chained and signed. <c>agents verify</c> recomputes it.</summary>
/// <param name="Chains">Runs of the tenant whose facts are chained.</param>
/// <param name="Uncovered">Of these, those that have grown since the last signed checkpoint.</param>
/// <param name="Checkpoint">The last signed checkpoint. Null when nothing was signed yet, or the server has no key.</param>
public sealed record EvidenceView(long Chains, long Uncovered, CheckpointView? Checkpoint);

/// <param name="Number">From 1, without gaps.</param>
/// <param name="Hash">SHA-256 of the checkpoint, lower-case hex; it covers the checkpoints before.</param>
/// <param name="KeyId">The key that signed it: the first 16 characters of the SHA-256 of the public key.</param>
public sealed record CheckpointView(long Number, DateTimeOffset At, string Hash, string KeyId);

/// <summary>How far the history is chained and signed: the number of hash chains, and the last signed checkpoint.</summary>
public static class GetEvidenceEndpoint
{
    [WolverineGet("/evidence"), Requires(Permissions.Read)]
    public static async Task<EvidenceView> Get(NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var chains = await database.First<Counted>(
            """
            with last as (select coalesce(max(before_tx::text::bigint), 0)::text::xid8 as tx from agents.checkpoint)
            select count(distinct e.run_id) as chains, count(distinct e.run_id) filter (where e.tx >= l.tx) as uncovered
            from agents.evidence e cross join last l
            where e.tenant_id = @tenant
            """, new { tenant }, ct);
        var last = await database.First<CheckpointView>(
            "select number, at, encode(hash, 'hex') as hash, key_id from agents.checkpoint order by number desc limit 1", null, ct);
        return new(chains!.Chains, chains.Uncovered, last);
    }

    sealed record Counted(long Chains, long Uncovered);
}
