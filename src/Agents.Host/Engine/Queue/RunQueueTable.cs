using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The queue as the database has it, in <c>agents.run_queue</c>.</summary>
public sealed class RunQueueTable(NpgsqlDataSource database)
{
    /// <summary>Gives back the slot of a run that did not begin on this node.</summary>
    /// <returns>False when it has begun, or another node has it.</returns>
    public async Task<bool> GiveBackUnbegun(string tenant, Guid runId, string node)
    {
        await using var command = Command(
            "update agents.run_queue set node = null where tenant_id = $1 and run_id = $2 and state = 'waiting' and node = $3", tenant, runId, node);
        return await command.ExecuteNonQueryAsync(CancellationToken.None) > 0;
    }

    /// <summary>
    /// Sets free the runs of nodes that are gone; a node with a free slot takes them up. Rows that are locked are left for the next time.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> SetFree(IReadOnlyCollection<string> gone, CancellationToken ct)
    {
        await using var command = Command(
            """
            update agents.run_queue set node = null where (tenant_id, run_id) in (
              select tenant_id, run_id from agents.run_queue where state <> 'settling' and node = any($1) for update skip locked)
            """, gone.ToArray());
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The run has no approval to wait for any more that would be overdue.</summary>
    public async Task ApprovalsAreOver(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = Command(
            "update agents.run_queue set approve_by = null where tenant_id = $1 and run_id = $2 and approve_by < clock_timestamp()", tenant, runId);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Forgets runs that have ended or stand still, and of which no attempt is open.</summary>
    public async Task Settled(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        await using var command = Command(
            "delete from agents.run_queue where tenant_id = $1 and run_id = any($2) and state = 'settling'", tenant, runs.ToArray());
        await command.ExecuteNonQueryAsync(ct);
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
