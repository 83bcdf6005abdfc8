using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>A run that a duty is to see to.</summary>
public readonly record struct FoundRun(string Tenant, Guid RunId);

/// <param name="Deadline">The caller's, where that has passed. Null when the run is over its agent's time.</param>
public readonly record struct OverdueRun(string Tenant, Guid RunId, DateTimeOffset? Deadline);

/// <summary>
/// The questions of the duties that look after runs. What is set aside is left out. A question that says <c>redriven_at</c> marks what it gives, so
/// that it does not give the same again at once; it passes over rows that others have locked.
/// </summary>
public sealed class RunsDue(NpgsqlDataSource database)
{
    /// <summary>Runs of a kind seen to in one round.</summary>
    const int Batch = 200;

    /// <summary>How often a run is looked at that has ended and is not settled.</summary>
    internal static readonly TimeSpan SettlesEvery = TimeSpan.FromSeconds(5);

    internal const string Overdue =
        $"state <> 'settling' and deadline_at < clock_timestamp() and not agents.is_set_aside('{ExpireRuns.Title}', tenant_id, run_id::text)";

    internal const string Unapproved =
        $"""
        state = 'running' and approve_by < clock_timestamp()
        and not agents.is_set_aside('{DenyUnansweredApprovals.Title}', tenant_id, run_id::text)
        """;

    internal const string HeldBack = "state = 'running' and node = $1 and not_before <= clock_timestamp() and redriven_at < not_before";

    internal static string Unsettled(string after) =>
        $"""
        state = 'settling' and redriven_at < clock_timestamp() - {after}
        and not agents.is_set_aside('{SettleRuns.Title}', tenant_id, run_id::text)
        """;

    internal const string Silent =
        $"""
        select w.tenant_id, w.run_id from agents.run_queue w join agents.mt_streams s on s.tenant_id = w.tenant_id and s.id = w.run_id
        where w.state = 'running' and w.node = $1 and w.redriven_at < clock_timestamp() - $2 and s.timestamp < clock_timestamp() - $2
          and not agents.is_set_aside('{RedriveStalledRuns.Title}', w.tenant_id, w.run_id::text)
        """;

    /// <param name="after">The parameter that says how long ago the parent ended at least.</param>
    internal static string Orphans(string after) =>
        $"""
        select c.tenant_id, c.run_id from agents.run_summary c join agents.run_summary p on p.tenant_id = c.tenant_id and p.run_id = c.parent
        where c.parent is not null and c.finished_at is null and p.status in ('failed', 'cancelled') and p.finished_at < clock_timestamp() - {after}
          and not agents.is_set_aside('{SeeToChildren.Title}', c.tenant_id, c.run_id::text)
        """;

    internal const string Unstarted =
        $"""
        state = 'waiting' and node = $1 and redriven_at < clock_timestamp() - $2
        and not agents.is_set_aside('{GiveBackUnstartedRuns.Title}', tenant_id, run_id::text)
        """;

    /// <summary>Nodes that have runs.</summary>
    public async Task<IReadOnlyList<string>> Nodes(CancellationToken ct)
    {
        await using var command = Command("select distinct node from agents.run_queue where node is not null and state <> 'settling'");
        await using var rows = await command.ExecuteReaderAsync(ct);

        var nodes = new List<string>();
        while (await rows.ReadAsync(ct)) nodes.Add(rows.GetString(0));
        return nodes;
    }

    /// <summary>Runs of a node without a new fact for a while.</summary>
    public Task<IReadOnlyList<FoundRun>> Stalled(string node, TimeSpan after, CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (
          {Silent}
          order by w.redriven_at limit {Batch} for update of w skip locked)
        returning q.tenant_id, q.run_id
        """, [node, after], ct);

    /// <summary>Runs of a node that kept their slot for other work while a retry was held back, whose time has come.</summary>
    public Task<IReadOnlyList<FoundRun>> HeldBackUntilNow(string node, CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (select tenant_id, run_id from agents.run_queue where {HeldBack} limit {Batch} for update skip locked)
        returning q.tenant_id, q.run_id
        """, [node], ct);

    /// <summary>Runs whose slot a node took and that never began there.</summary>
    public Task<IReadOnlyList<FoundRun>> NeverBegun(string node, TimeSpan after, CancellationToken ct) =>
        Find($"select tenant_id, run_id from agents.run_queue where {Unstarted} limit {Batch}", [node, after], ct);

    /// <summary>Runs over their time, the longest first.</summary>
    public async Task<IReadOnlyList<OverdueRun>> OverTheirTime(CancellationToken ct)
    {
        await using var command = Command(
            $"""
            select q.tenant_id, q.run_id, s.deadline_at
            from (select tenant_id, run_id, deadline_at from agents.run_queue where {Overdue} order by deadline_at limit {Batch}) q
            left join agents.run_summary s on s.tenant_id = q.tenant_id and s.run_id = q.run_id and s.deadline_at < clock_timestamp()
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var overdue = new List<OverdueRun>();
        while (await rows.ReadAsync(ct))
            overdue.Add(new(rows.GetString(0), rows.GetGuid(1), rows.IsDBNull(2) ? null : rows.GetFieldValue<DateTimeOffset>(2)));
        return overdue;
    }

    /// <summary>Runs with a call that no operator has approved or denied in time.</summary>
    public Task<IReadOnlyList<FoundRun>> NotApprovedInTime(CancellationToken ct) =>
        Find($"select tenant_id, run_id from agents.run_queue where {Unapproved} order by approve_by limit {Batch}", [], ct);

    /// <summary>Runs that have ended or stand still, and are not settled.</summary>
    public Task<IReadOnlyList<FoundRun>> Settling(CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (
          select tenant_id, run_id from agents.run_queue where {Unsettled("$1")}
          order by since limit {Batch} for update skip locked)
        returning q.tenant_id, q.run_id
        """, [SettlesEvery], ct);

    /// <summary>
    /// Children whose message to or from the parent may be lost: ended, and the parent still waits; or going on, and the parent has ended.
    /// </summary>
    public Task<IReadOnlyList<FoundRun>> LeftChildren(TimeSpan after, CancellationToken ct) => Find(
        $"""
        with waiting as (
          update agents.run_queue q set redriven_at = clock_timestamp()
          where (q.tenant_id, q.run_id) in (
            select w.tenant_id, w.run_id from agents.run_queue w where w.waits_for = 'child' and w.redriven_at < clock_timestamp() - $1
            order by w.redriven_at limit {Batch} for update skip locked)
          returning q.tenant_id, q.run_id
        )
        select c.tenant_id, c.run_id from waiting w join agents.run_summary c on c.tenant_id = w.tenant_id and c.parent = w.run_id
        where c.finished_at is not null and not agents.is_set_aside('{SeeToChildren.Title}', c.tenant_id, c.run_id::text)
        union all ({Orphans("$1")} limit {Batch})
        """, [after], ct);

    /// <summary>Those of these runs that were ended, by whatever node.</summary>
    public Task<IReadOnlyList<FoundRun>> Ended(IReadOnlyCollection<Guid> runs, CancellationToken ct) => Find(
        $"""
        select tenant_id, run_id from agents.run_summary where run_id = any($1) and status in ('cancelled', 'failed')
          and not agents.is_set_aside('{AbortEndedElsewhere.Title}', tenant_id, run_id::text)
        """, [runs.ToArray()], ct);

    async Task<IReadOnlyList<FoundRun>> Find(string sql, object[] values, CancellationToken ct)
    {
        await using var command = Command(sql, values);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<FoundRun>();
        while (await rows.ReadAsync(ct)) found.Add(new(rows.GetString(0), rows.GetGuid(1)));
        return found;
    }

    NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
