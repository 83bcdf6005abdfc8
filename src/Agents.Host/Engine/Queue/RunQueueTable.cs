using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The queue as the database has it, in <c>agents.run_queue</c>.</summary>
public sealed class RunQueueTable(NpgsqlDataSource database) : IRunQueue
{
    public Task<bool> HasSlot(string tenant, Guid runId, CancellationToken ct) => database.First<bool>(
        "select exists (select from agents.run_queue where tenant_id = @tenant and run_id = @run_id and node is not null)", new { tenant, runId }, ct);

    public Task<bool> GiveBackUnbegun(string tenant, Guid runId, string node, DateTimeOffset? until) => GiveBack(tenant, runId, node, "waiting", until);

    public Task<bool> GiveBackBegun(string tenant, Guid runId, string node, DateTimeOffset? until) => GiveBack(tenant, runId, node, "running", until);

    async Task<bool> GiveBack(string tenant, Guid runId, string node, string state, DateTimeOffset? until) => await database.Execute(
        """
        update agents.run_queue set node = null, not_before = coalesce(@until, not_before)
        where tenant_id = @tenant and run_id = @run_id and state = @state and node = @node
        """, new { tenant, runId, node, state, until }, CancellationToken.None) > 0;

    public async Task<IReadOnlyList<Guid>> SetFree(string node, IReadOnlyCollection<Guid> inFlight) => await database.Query<Guid>(
        """
        update agents.run_queue set node = null where (tenant_id, run_id) in (
          select tenant_id, run_id from agents.run_queue
          where state <> 'settling' and node = @node and run_id <> all(@in_flight) for update skip locked)
        returning run_id
        """, new { node, inFlight = inFlight.ToArray() }, CancellationToken.None);

    /// <remarks>Runs that another transaction has locked are left for the next time.</remarks>
    public Task<int> SetFree(IReadOnlyCollection<string> gone, CancellationToken ct) => database.Execute(
        """
        update agents.run_queue set node = null where (tenant_id, run_id) in (
          select tenant_id, run_id from agents.run_queue where state <> 'settling' and node = any(@gone) for update skip locked)
        """, new { gone = gone.ToArray() }, ct);

    public Task ApprovalsAreOver(string tenant, Guid runId, CancellationToken ct) => database.Execute(
        "update agents.run_queue set approve_by = null where tenant_id = @tenant and run_id = @run_id and approve_by < clock_timestamp()",
        new { tenant, runId }, ct);

    public Task Settled(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct) => database.Execute(
        "delete from agents.run_queue where tenant_id = @tenant and run_id = any(@runs) and state = 'settling'", new { tenant, runs = runs.ToArray() }, ct);
}
