using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Api.Runs;

/// <summary>Reads which tool calls wait for a person, from the checkpoints of the runs that have not ended.</summary>
public sealed class ApprovalReader(NpgsqlDataSource database)
{
    /// <summary>Those of so many runs, the oldest run first; all calls of a run stand on one page.</summary>
    /// <param name="after">The cursor: runs queued after this one. Null for the first page.</param>
    public async Task<Page<ApprovalView>> Waiting(string tenant, Guid? after, int limit, CancellationToken ct)
    {
        var found = await database.Query<ApprovalView>(
            """
            with waiting as (
              select s.run_id, s.agent, s.question, s.status, s.step_name, s.thread_id, r.data -> 'toolCalls' as calls
              from agents.run_summary s join agents.mt_doc_run r on r.tenant_id = s.tenant_id and r.id = s.run_id
              where s.tenant_id = @tenant and s.status in ('running', 'paused', 'parked') and (@after is null or s.run_id > @after)
                and r.data @? '$.toolCalls.* ? (@.status == "AwaitingApproval")'
              order by s.run_id limit @most)
            select w.run_id, c.key as tool_call_id, c.value ->> 'tool' as tool, coalesce(c.value ->> 'arguments', '{}') as arguments,
              t.at as since, q.approve_by as until, w.agent, w.question, w.status, w.step_name, w.thread_id
            from waiting w
            cross join lateral jsonb_each(w.calls) c
            cross join lateral (
              select max(t.at) as at from agents.timeline t
              where t.tenant_id = @tenant and t.run_id = w.run_id and t.type = 'tool_call_requested' and t.tool_call_id = c.key) t
            left join agents.run_queue q on q.tenant_id = @tenant and q.run_id = w.run_id
            where c.value ->> 'status' = 'AwaitingApproval'
            order by w.run_id, c.key
            """, new { tenant, after, most = limit + 1 }, ct);
        var runs = found.Select(call => call.RunId).Distinct().ToList();
        return runs.Count > limit ? new([.. found.Where(call => call.RunId != runs[limit])], runs[limit - 1].ToString()) : new(found, null);
    }
}
