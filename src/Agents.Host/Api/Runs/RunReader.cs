using Agents.Domain.Runs;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Platform;
using Agents.Projections;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Runs;

/// <summary>Reads runs for people and programs: from the read models, and facts from the log. Every query belongs to a tenant.</summary>
public sealed class RunReader(NpgsqlDataSource database, IDocumentStore store)
{
    /// <summary>Null when the tenant has no such run.</summary>
    public async Task<RunView?> Run(string tenant, Guid runId, CancellationToken ct) => (await database.First<RunRow>(
        $"""
        select {RunRow.Columns} {RunRow.From}
        where r.tenant_id = @tenant and r.run_id = @run_id
        """, new { tenant, runId }, ct))?.View();

    /// <summary>The runs that a run has started, oldest first.</summary>
    public async Task<IReadOnlyList<RunView>> Children(string tenant, Guid parent, CancellationToken ct) => (await database.Query<RunRow>(
        $"""
        select {RunRow.Columns} {RunRow.From}
        where r.tenant_id = @tenant and r.parent = @parent
        order by r.queued_at, r.run_id
        """, new { tenant, parent }, ct)).ConvertAll(row => row.View());

    /// <summary>Newest first.</summary>
    /// <param name="before">The cursor: runs older than this one.</param>
    public async Task<Page<RunView>> Runs(string tenant, RunFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        var rows = await database.Query<RunRow>(
            $"""
            select {RunRow.Columns} {RunRow.From}
            where r.tenant_id = @tenant and (@status is null or r.status = @status) and (@agent is null or r.agent = @agent)
              and (@before is null or r.run_id < @before) and (@failure is null or r.failure_kind = @failure)
              and (@words is null or position(lower(@words) in lower(r.question)) > 0) and (@forked_from is null or r.forked_from = @forked_from)
              and (@since is null or r.queued_at >= @since) and (@until is null or r.queued_at < @until)
              and (@label is null or r.metadata ->> @label = @label_value) and (@batch is null or r.batch_id = @batch)
              and (@thread is null or r.thread_id = @thread) and (@min_cost_usd is null or r.cost_usd >= @min_cost_usd)
              and (@schedule is null or r.schedule_id = (
                select s.schedule_id from agents.schedule s where s.tenant_id = @tenant and s.name = @schedule))
              and (not @is_waiting or exists (
                select from agents.run_queue q
                where q.tenant_id = r.tenant_id and q.run_id = r.run_id and q.node is null and q.state <> 'settling'))
            order by r.run_id desc limit @most
            """,
            new
            {
                tenant, status = filter.Status?.ToString().ToLowerInvariant(), filter.Agent, filter.Failure, before, filter.Words, filter.ForkedFrom,
                filter.Since, filter.Until, filter.Label, filter.LabelValue, filter.Batch, filter.Thread, filter.MinCostUsd, filter.Schedule,
                filter.IsWaiting, most = limit + 1,
            }, ct);
        var found = rows.ConvertAll(row => row.View());
        return found.Count > limit ? new(found[..limit], found[limit - 1].Id.ToString()) : new(found, null);
    }

    /// <summary>The ids of runs that fit, oldest first.</summary>
    /// <param name="agent">Null for all agents.</param>
    /// <param name="failure">Kind of failure the run is parked for. Null for all, and for none.</param>
    /// <param name="isUnforked">Only runs that are no forks and were never forked, except to find out what would be.</param>
    public async Task<IReadOnlyList<Guid>> Matching(
        string tenant, string[] statuses, string? agent, string? failure, int limit, CancellationToken ct, bool isUnforked = false)
    {
        return await database.Query<Guid>(
            """
            select run_id from agents.run_summary r
            where tenant_id = @tenant and status = any(@statuses)
              and (@agent is null or agent = @agent) and (@failure is null or failure_kind = @failure)
              and (not @is_unforked or forked_from is null and not exists (
                select from agents.run_summary f where f.tenant_id = r.tenant_id and f.forked_from = r.run_id and f.batch_id is null))
            order by run_id limit @limit
            """, new { tenant, statuses, agent, failure, limit, isUnforked }, ct);
    }

    /// <summary>The runs of a thread, oldest first; empty when there is no such thread.</summary>
    /// <param name="after">The cursor: runs queued after this one.</param>
    public async Task<Page<RunView>> Thread(string tenant, string threadId, Guid? after, int limit, CancellationToken ct)
    {
        var rows = await database.Query<RunRow>(
            $"""
            select {RunRow.Columns} {RunRow.From}
            where r.run_id in (select run_id from agents.run_summary where {ThreadPlace.InThread}) and r.tenant_id = @tenant
              and (@after is null or (r.queued_at, r.run_id) > (
                select queued_at, run_id from agents.run_summary where tenant_id = @tenant and run_id = @after))
            order by r.queued_at, r.run_id limit @most
            """, new { tenant, threadId, rootId = ThreadPlace.RootOf(threadId), after, most = limit + 1 }, ct);
        var found = rows.ConvertAll(row => row.View());
        return found.Count > limit ? new(found[..limit], found[limit - 1].Id.ToString()) : new(found, null);
    }

    /// <summary>The facts after a version, in order, at most so many; empty for a run of another tenant.</summary>
    public async Task<IReadOnlyList<EventView>> Events(string tenant, Guid runId, long after, int limit, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, version: after + limit, fromVersion: after + 1, token: ct);
        return [.. stored.Select(e => EventView.Of(e.Version, EventNames.All[e.EventType], e.Timestamp, e.Data))];
    }

    public async Task<IReadOnlyList<TimelineView>> Timeline(string tenant, Guid runId, CancellationToken ct) => await database.Query<TimelineView>(
        """
        select version, at, type, step, name, call, attempt, tool_call_id, duration_ms, input_tokens, output_tokens, cost_usd, detail
        from agents.timeline
        where tenant_id = @tenant and run_id = @run_id
        order by version
        """, new { tenant, runId }, ct);
}
