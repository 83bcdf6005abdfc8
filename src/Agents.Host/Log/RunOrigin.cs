using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>How a run was asked for.</summary>
/// <param name="TraceParent">The trace of the request. Null when it had none.</param>
public sealed record RunOrigin(string Agent, int AgentVersion, DateTimeOffset QueuedAt, string? TraceParent)
{
    /// <summary>Null when the tenant has no such run.</summary>
    public static Task<RunOrigin?> Of(NpgsqlDataSource database, string tenant, Guid runId, CancellationToken ct) => database.First<RunOrigin>(
        """
        select r.agent, r.agent_version, r.queued_at, q.data ->> 'traceParent' as trace_parent from agents.run_summary r
        join agents.mt_events q on q.tenant_id = r.tenant_id and q.stream_id = r.run_id and q.version = 1
        where r.tenant_id = @tenant and r.run_id = @run_id
        """, new { tenant, runId }, ct);
}
