using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>A server that takes runs.</summary>
/// <param name="Slots">Runs that it works on at once: its <c>Workers:MaxRuns</c>, or its limit where that is lower.</param>
/// <param name="Running">Runs that hold one of its slots.</param>
/// <param name="DrainedByKey">The id of the key with which it was drained. Null when the server needed none, and when it takes runs.</param>
/// <param name="DrainedAt">Since when it takes no runs and hands over those it has. Null when it takes them.</param>
public sealed record NodeView(
    string Name, int Slots, int Running, DateTimeOffset StartedAt, string? DrainedBy, DateTimeOffset? DrainedAt,
    string? DrainedByKey);

/// <summary>The servers that take runs: each makes itself known, and forgets those that are gone when it starts.</summary>
public sealed class NodeStore(NpgsqlDataSource database, NodeSignals signals)
{
    public Task Register(string name, int slots, CancellationToken ct) => database.Execute(
        """
        insert into agents.node (name, slots, held_on) values (@name, @slots, case when agents.lives(@name) then agents.server_started_at() end)
        on conflict (name) do update set slots = excluded.slots, held_on = coalesce(excluded.held_on, agents.node.held_on)
        """, new { name, slots }, ct);

    /// <summary>Forgets the servers that are gone, as this node judges: one that lives and has lost its lock for a moment stays, and stays drained.</summary>
    public async Task ForgetGone(INode node, CancellationToken ct)
    {
        var gone = await node.Gone([.. await database.Query<string>("select name from agents.node where not agents.lives(name)", null, ct)], ct);
        if (gone.Count > 0) await database.Execute("delete from agents.node where name = any(@gone)", new { gone = gone.ToArray() }, ct);
    }

    public async Task<IReadOnlyList<NodeView>> List(CancellationToken ct) => await database.Query<NodeView>(
        """
        select n.name,
          least(n.slots, (select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = n.name)) as slots,
          (select count(*) from agents.run_queue q where q.node = n.name and q.state <> 'settling') as running,
          n.started_at, n.drained_by, n.drained_at, n.drained_by_key
        from agents.living_node n
        order by n.started_at, n.name
        """, null, ct);

    /// <param name="isDrained">False lets it take runs again.</param>
    /// <returns>False when there is no such node.</returns>
    public async Task<bool> Drain(string name, bool isDrained, Actor by, CancellationToken ct)
    {
        var drained = await database.Execute(
            """
            with changed as (
              update agents.node
              set drained_by = case when @is_drained then @by end, drained_by_key = case when @is_drained then @key_id end,
                drained_at = case when @is_drained then coalesce(drained_at, clock_timestamp()) end
              where name = @name and name in (select l.name from agents.living_node l)
              returning *)
            insert into agents.change (kind, subject, change, by, by_key)
            select 'node', @name, case when @is_drained then 'drained' else 'resumed' end, @by, @key_id from changed
            """, new { name, isDrained, by = by.Name, by.KeyId }, ct);
        if (drained == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
