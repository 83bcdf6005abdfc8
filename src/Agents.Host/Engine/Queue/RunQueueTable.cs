using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The queue as the database has it, in <c>agents.run_queue</c>.</summary>
public sealed class RunQueueTable(NpgsqlDataSource database)
{
    /// <summary>Gives back the slot of a run that did not begin on this node.</summary>
    /// <returns>False when it has begun, or another node has it.</returns>
    public async Task<bool> GiveBackUnbegun(string tenant, Guid runId, string node) => await database.Execute(
        """
        update agents.run_queue set node = null
        where tenant_id = @tenant and run_id = @run_id and state = 'waiting' and node = @node
        """, new { tenant, runId, node }, CancellationToken.None) > 0;

    /// <summary>Sets free the runs of nodes that are gone; a node with a free slot takes them up. Rows that are locked are left for the next time.</summary>
    /// <returns>How many.</returns>
    public Task<int> SetFree(IReadOnlyCollection<string> gone, CancellationToken ct) => database.Execute(
        """
        update agents.run_queue set node = null
        where (tenant_id, run_id) in (
          select tenant_id, run_id from agents.run_queue where state <> 'settling' and node = any(@gone) for update skip locked)
        """, new { gone = gone.ToArray() }, ct);

    /// <summary>The run has no approval to wait for any more that would be overdue.</summary>
    public Task ApprovalsAreOver(string tenant, Guid runId, CancellationToken ct) => database.Execute(
        """
        update agents.run_queue set approve_by = null
        where tenant_id = @tenant and run_id = @run_id and approve_by < clock_timestamp()
        """, new { tenant, runId }, ct);

    /// <summary>Forgets runs that have ended or stand still, and of which no attempt is open.</summary>
    public Task Settled(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct) => database.Execute(
        "delete from agents.run_queue where tenant_id = @tenant and run_id = any(@runs) and state = 'settling'",
        new { tenant, runs = runs.ToArray() }, ct);
}
