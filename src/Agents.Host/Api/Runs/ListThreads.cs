using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Threads, by their latest run, newest first.</summary>
public static class ListThreadsEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate(string? cursor, int? limit) => Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;

    [WolverineGet("/threads"), Requires(Permissions.Read)]
    public static async Task<Page<ThreadView>> Get(
        [FromQuery] string? cursor, [FromQuery] int? limit, NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        var most = Pages.Limit(limit);
        var found = await database.Query<ThreadView>(
            """
            select l.thread_id, f.runs, l.run_id as last_run, l.question as last_question, l.status as last_status, l.queued_at as last_at, f.began_at
            from agents.run_summary l
            cross join lateral (
              select count(*) as runs, min(r.queued_at) as began_at from agents.run_summary r
              where r.tenant_id = l.tenant_id and r.thread_id = l.thread_id) f
            where l.tenant_id = @tenant and l.thread_id is not null and (@before is null or l.run_id < @before) and not exists (
              select from agents.run_summary n
              where n.tenant_id = l.tenant_id and n.thread_id = l.thread_id and (n.queued_at, n.run_id) > (l.queued_at, l.run_id))
            order by l.run_id desc limit @most
            """, new { Caller.Of(http).Tenant, before = Paging.Before(cursor), most = most + 1 }, ct);
        return found.Count > most ? new(found[..most], found[most - 1].LastRun.ToString()) : new(found, null);
    }
}

/// <summary>A conversation, and its latest run.</summary>
/// <param name="Runs">That were asked for in it by its name.</param>
/// <param name="BeganAt">When the first of them was queued.</param>
public sealed record ThreadView(
    string ThreadId, long Runs, Guid LastRun, string LastQuestion, string LastStatus, DateTimeOffset LastAt, DateTimeOffset BeganAt);
