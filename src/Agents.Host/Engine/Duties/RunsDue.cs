using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>A run that a duty is to see to.</summary>
public readonly record struct FoundRun(string Tenant, Guid RunId);

/// <param name="Deadline">The caller's, where that has passed. Null when the run is over its agent's time.</param>
public readonly record struct OverdueRun(string Tenant, Guid RunId, DateTimeOffset? Deadline);

/// <summary>A wait whose time has come.</summary>
/// <param name="Wait">Its ordinal within the run.</param>
public readonly record struct DueWait(string Tenant, Guid RunId, int Wait);

/// <summary>
/// The questions of the duties that look after runs. What is set aside is left out. A question that says <c>redriven_at</c> marks what it gives, so
/// that it does not give the same again at once; it passes over rows that another transaction has locked.
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

    internal const string HeldBack = "state = 'running' and node = @node and not_before <= clock_timestamp() and redriven_at < not_before";

    internal static string Unsettled(string after) =>
        $"""
        state = 'settling' and redriven_at < clock_timestamp() - {after}
        and not agents.is_set_aside('{SettleRuns.Title}', tenant_id, run_id::text)
        """;

    internal static readonly string Silent =
        $"""
        select w.tenant_id, w.run_id from agents.run_queue w {RunHeads.JoinedTo("w")}
        where w.state = 'running' and w.node = @node and w.redriven_at < clock_timestamp() - @after and s.timestamp < clock_timestamp() - @after
          and not agents.is_set_aside('{RedriveStalledRuns.Title}', w.tenant_id, w.run_id::text)
        """;

    /// <param name="after">The parameter that says how long ago the parent ended at least.</param>
    internal static string Orphans(string after) =>
        $"""
        select c.tenant_id, c.run_id from agents.run_summary c join agents.run_summary p on p.tenant_id = c.tenant_id and p.run_id = c.parent
        where c.parent is not null and c.finished_at is null and p.status in ('failed', 'cancelled') and p.finished_at < clock_timestamp() - {after}
          and not agents.is_set_aside('{SeeToChildren.Title}', c.tenant_id, c.run_id::text)
        """;

    /// <param name="after">The parameter that says how long ago the fork ended, and was looked at, at least.</param>
    internal static string HeldForks(string after) =>
        $"""
        select h.tenant_id, h.fork from agents.fork_hold h join agents.run_summary f on f.tenant_id = h.tenant_id and f.run_id = h.fork
        where f.finished_at < clock_timestamp() - {after} and h.redriven_at < clock_timestamp() - {after}
          and not agents.is_set_aside('{SeeToChildren.Title}', h.tenant_id, h.fork::text)
        """;

    internal const string Unstarted =
        $"""
        state = 'waiting' and node = @node and redriven_at < clock_timestamp() - @after
        and not agents.is_set_aside('{GiveBackUnstartedRuns.Title}', tenant_id, run_id::text)
        """;

    /// <summary>Nodes that have runs.</summary>
    public async Task<IReadOnlyList<string>> Nodes(CancellationToken ct) => await database.Query<string>(
        "select distinct node from agents.run_queue where node is not null and state <> 'settling'", null, ct);

    /// <summary>Runs of a node without a new fact for a while.</summary>
    public Task<IReadOnlyList<FoundRun>> Stalled(string node, TimeSpan after, CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (
          {Silent}
          order by w.redriven_at limit {Batch} for update of w skip locked)
        returning q.tenant_id as tenant, q.run_id
        """, new { node, after }, ct);

    /// <summary>Runs of a node that kept their slot for other work while a retry was held back, whose time has come.</summary>
    public Task<IReadOnlyList<FoundRun>> HeldBackUntilNow(string node, CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (select tenant_id, run_id from agents.run_queue where {HeldBack} limit {Batch} for update skip locked)
        returning q.tenant_id as tenant, q.run_id
        """, new { node }, ct);

    /// <summary>Runs whose slot a node took and that never began there.</summary>
    public Task<IReadOnlyList<FoundRun>> NeverBegun(string node, TimeSpan after, CancellationToken ct) =>
        Find($"select tenant_id as tenant, run_id from agents.run_queue where {Unstarted} limit {Batch}", new { node, after }, ct);

    /// <summary>Runs over their time, the longest first.</summary>
    public async Task<IReadOnlyList<OverdueRun>> OverTheirTime(CancellationToken ct) => await database.Query<OverdueRun>(
        $"""
        select q.tenant_id as tenant, q.run_id, s.deadline_at as deadline
        from (select tenant_id, run_id, deadline_at from agents.run_queue where {Overdue} order by deadline_at limit {Batch}) q
        left join agents.run_summary s on s.tenant_id = q.tenant_id and s.run_id = q.run_id and s.deadline_at < clock_timestamp()
        """, null, ct);

    /// <summary>Runs with a call that no operator has approved or denied in time.</summary>
    public Task<IReadOnlyList<FoundRun>> NotApprovedInTime(CancellationToken ct) =>
        Find($"select tenant_id as tenant, run_id from agents.run_queue where {Unapproved} order by approve_by limit {Batch}", null, ct);

    /// <summary>Waits whose time has come, the longest over first.</summary>
    /// <returns>They, and in how long the time of the next one comes; null when none waits for a time.</returns>
    /// <remarks>Row and summary are of one moment: the ordinal is that of the wait whose time has come.</remarks>
    public async Task<(IReadOnlyList<DueWait> Over, TimeSpan? NextIn)> WaitsOver(CancellationToken ct)
    {
        var found = await database.Query<WaitRow>(
            $"""
            (select q.tenant_id as tenant, q.run_id, s.waits as wait, null::interval as next_in
             from agents.run_queue q join agents.run_summary s on s.tenant_id = q.tenant_id and s.run_id = q.run_id
             where {WaitIsOver("q")} order by q.wake_at limit {Batch})
            union all
            select null, null, null, min(wake_at) - clock_timestamp() from agents.run_queue where state = 'running' and wake_at > clock_timestamp()
            """, null, ct);
        return (
            [.. from row in found where row.RunId is not null select new DueWait(row.Tenant!, row.RunId!.Value, row.Wait!.Value)],
            found.FirstOrDefault(row => row.RunId is null)?.NextIn);
    }

    internal static string WaitIsOver(string row) =>
        $"""
        {row}.state = 'running' and {row}.wake_at <= clock_timestamp()
        and not agents.is_set_aside('{EndWaits.Title}', {row}.tenant_id, {row}.run_id::text)
        """;

    /// <summary>A wait that is over; the last row has none, and says when the next one is.</summary>
    sealed record WaitRow(string? Tenant, Guid? RunId, int? Wait, TimeSpan? NextIn);

    /// <summary>Runs that have ended or stand still, and are not settled.</summary>
    public Task<IReadOnlyList<FoundRun>> Settling(CancellationToken ct) => Find(
        $"""
        update agents.run_queue q set redriven_at = clock_timestamp()
        where (q.tenant_id, q.run_id) in (
          select tenant_id, run_id from agents.run_queue where {Unsettled("@after")}
          order by since limit {Batch} for update skip locked)
        returning q.tenant_id as tenant, q.run_id
        """, new { after = SettlesEvery }, ct);

    /// <summary>
    /// Children whose message to or from the parent may be lost: ended, and the parent still waits; or going on, and the parent has ended. And forks that
    /// have ended, and for which money is still held.
    /// </summary>
    public Task<IReadOnlyList<FoundRun>> LeftOfFamilies(TimeSpan after, CancellationToken ct) => Find(
        $"""
        with waiting as (
          update agents.run_queue q set redriven_at = clock_timestamp()
          where (q.tenant_id, q.run_id) in (
            select w.tenant_id, w.run_id from agents.run_queue w where w.waits_for = 'child' and w.redriven_at < clock_timestamp() - @after
            order by w.redriven_at limit {Batch} for update skip locked)
          returning q.tenant_id, q.run_id
        ), held as (
          update agents.fork_hold x set redriven_at = clock_timestamp()
          where (x.tenant_id, x.fork) in ({HeldForks("@after")} limit {Batch} for update of h skip locked)
          returning x.tenant_id, x.fork
        )
        select c.tenant_id as tenant, c.run_id from waiting w join agents.run_summary c on c.tenant_id = w.tenant_id and c.parent = w.run_id
        where c.finished_at is not null and not agents.is_set_aside('{SeeToChildren.Title}', c.tenant_id, c.run_id::text)
        union all ({Orphans("@after")} limit {Batch})
        union all select tenant_id, fork from held
        """, new { after }, ct);

    /// <summary>Those of these runs that were ended, by whatever node.</summary>
    public Task<IReadOnlyList<FoundRun>> Ended(IReadOnlyCollection<Guid> runs, CancellationToken ct) => Find(
        $"""
        select tenant_id as tenant, run_id from agents.run_summary where run_id = any(@runs) and status in ('cancelled', 'failed')
          and not agents.is_set_aside('{AbortEndedElsewhere.Title}', tenant_id, run_id::text)
        """, new { runs = runs.ToArray() }, ct);

    async Task<IReadOnlyList<FoundRun>> Find(string sql, object? values, CancellationToken ct) => await database.Query<FoundRun>(sql, values, ct);
}
