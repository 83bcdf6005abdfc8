using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Attempts;

/// <summary>Reads it from the summaries of runs, and from the queue.</summary>
public sealed class Families(NpgsqlDataSource database) : IFamilies
{
    public async Task<Inheritance> Inherited(string tenant, Guid parent, CancellationToken ct) => (await database.First<Inheritance>(
        """
        select r.requested_by, r.priority, coalesce(r.root_run_id, r.run_id) as root, q.deadline_at - clock_timestamp() as time_left,
          r.requested_by_key
        from agents.run_summary r left join agents.run_queue q on q.tenant_id = r.tenant_id and q.run_id = r.run_id
        where r.tenant_id = @tenant and r.run_id = @parent
        """, new { tenant, parent }, ct))!;

    public async Task<ChildEnd> EndOf(string tenant, Guid child, CancellationToken ct) => (await database.First<ChildEnd>(
        """
        select coalesce(answer, '') as answer, coalesce(failure_message, reason, '') as why, finished_at - queued_at as took,
          incomplete as cut_by
        from agents.run_summary where tenant_id = @tenant and run_id = @child
        """, new { tenant, child }, ct))!;
}
