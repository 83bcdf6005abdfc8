using Agents.Host.Engine.Signals;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>A server that takes runs.</summary>
/// <param name="Slots">Runs that it works on at once: its <c>Workers:MaxRuns</c>, or its limit where that is lower.</param>
/// <param name="Running">Runs that hold one of its slots.</param>
/// <param name="DrainedAt">Since when it takes no runs and hands over those it has. Null when it takes them.</param>
public sealed record NodeView(string Name, int Slots, int Running, DateTimeOffset StartedAt, string? DrainedBy, DateTimeOffset? DrainedAt);

/// <summary>The servers that take runs: each makes itself known, and those that are gone are forgotten by the next that starts.</summary>
public sealed class NodeStore(NpgsqlDataSource database, NodeSignals signals)
{
    public async Task Register(string name, int slots, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            with gone as (delete from agents.node n where n.name <> $1 and n.name not in (select l.name from agents.living_node l))
            insert into agents.node (name, slots) values ($1, $2) on conflict (name) do update set slots = $2
            """);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = slots });
        await command.ExecuteNonQueryAsync(ct);
    }

    public async Task<IReadOnlyList<NodeView>> List(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select n.name, least(n.slots, (select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = n.name)), (select count(*) from agents.run_queue q where q.node = n.name and q.state <> 'settling')::integer, n.started_at, n.drained_by, n.drained_at
            from agents.living_node n order by n.started_at, n.name
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var nodes = new List<NodeView>();
        while (await rows.ReadAsync(ct))
            nodes.Add(new(
                rows.GetString(0), rows.GetInt32(1), rows.GetInt32(2), rows.GetFieldValue<DateTimeOffset>(3),
                rows.IsDBNull(4) ? null : rows.GetString(4), rows.IsDBNull(5) ? null : rows.GetFieldValue<DateTimeOffset>(5)));
        return nodes;
    }

    /// <param name="by">Null lets it take runs again.</param>
    /// <returns>False when there is no such node.</returns>
    public async Task<bool> Drain(string name, string? by, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            update agents.node set drained_by = $2, drained_at = case when $2 is null then null else coalesce(drained_at, clock_timestamp()) end
            where name = $1 and name in (select l.name from agents.living_node l)
            """);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = (object?)by ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        if (await command.ExecuteNonQueryAsync(ct) == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
