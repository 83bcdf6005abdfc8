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
    public static Task<EvidenceView> Get(NpgsqlDataSource database, HttpContext http, CancellationToken ct) =>
        Read(database, Caller.Of(http).Tenant, ct);

    public static async Task<EvidenceView> Read(NpgsqlDataSource database, string tenant, CancellationToken ct)
    {
        var last = await database.First<CheckpointView>(
            "select number, at, encode(hash, 'hex') as hash, key_id from agents.checkpoint order by number desc limit 1", null, ct);
        // Its transaction is a value of the statement, so that the database knows how few rows follow it.
        var beforeTx = last is null ? null : await database.First<string>(
            "select before_tx::text from agents.checkpoint where number = @number", new { last.Number }, ct);
        var chains = await database.First<Counted>(
            """
            with chained as (
              select count(*) as runs from agents.run_summary r
              where r.tenant_id = @tenant and exists (select from agents.evidence e where e.tenant_id = r.tenant_id and e.run_id = r.run_id)
            )
            select c.runs as chains, case when @before_tx::text is null then c.runs else (
                select count(distinct e.run_id) from agents.evidence e where e.tenant_id = @tenant and e.tx >= @before_tx::text::xid8)
              end as uncovered
            from chained c
            """, new { tenant, beforeTx }, ct);
        return new(chains!.Chains, chains.Uncovered, last);
    }

    sealed record Counted(long Chains, long Uncovered);
}
