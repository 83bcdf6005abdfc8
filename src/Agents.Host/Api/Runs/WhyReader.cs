using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Api.Runs;

/// <summary>Gathers what is known of a run's place in the queue.</summary>
public sealed class WhyReader(NpgsqlDataSource database, IDocumentStore store, ModelProviders providers)
{
    /// <summary>Null when the caller's tenant has no such run.</summary>
    public async Task<WhyView?> Read(Caller caller, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(caller.Tenant);
        if (await session.LoadAsync<Run>(runId, ct) is not { } run) return null;

        var (place, now) = await Place(caller.Tenant, runId, ct);
        var standing = await Stands(caller.Tenant, run, ct);
        var why = Explanation.Of(run, place, caller.SeesMoney, standing);
        return new(
            runId, run.Status.ToString().ToLowerInvariant(), why.Summary, why.BlockedBy, why.Position,
            place?.StartsPerMinute is { } pace ? Math.Round(pace, 2) : null, why.StartsIn is { } wait ? now + wait : null,
            standing?.Failure is { } failure ? new(failure.Kind.ToString(), failure.Message) : null);
    }

    /// <summary>By the fact that stopped or ended it, or by what it has waited for longest; else by its last fact.</summary>
    async Task<Standing?> Stands(string tenant, Run run, CancellationToken ct)
    {
        var awaited = run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Select(call => call.Key).ToArray();
        var row = await database.First<StandingRow>(
            """
            select s.failure_kind, s.failure_message, stop.type, stop.detail, stop.at as stopped_at,
              coalesce(asked.at, s.wait_since, last.at, s.queued_at) as waits_since
            from agents.run_summary s
            left join lateral (
              select t.at, t.type, t.detail from agents.timeline t
              where t.tenant_id = s.tenant_id and t.run_id = s.run_id and t.type in ('run_parked', 'run_paused', 'run_failed', 'run_cancelled')
              order by t.version desc limit 1) stop on true
            left join lateral (
              select min(t.at) as at from agents.timeline t
              where t.tenant_id = s.tenant_id and t.run_id = s.run_id and t.type = 'tool_call_requested'
                and t.tool_call_id = any(@awaited)) asked on true
            left join lateral (
              select t.at from agents.timeline t where t.tenant_id = s.tenant_id and t.run_id = s.run_id
              order by t.version desc limit 1) last on true
            where s.tenant_id = @tenant and s.run_id = @run_id
            """, new { tenant, runId = run.Id, awaited }, ct);
        return row is null ? null : run.Status is RunStatus.Queued or RunStatus.Running ? new(row.WaitsSince) : row.Stop();
    }

    sealed record StandingRow(
        string? FailureKind, string? FailureMessage, string? Type, string? Detail, DateTimeOffset? StoppedAt, DateTimeOffset WaitsSince)
    {
        public Standing Stop() => new(
            StoppedAt ?? WaitsSince,
            Enum.TryParse<FailureKind>(FailureKind, out var kind) ? new(kind, FailureMessage ?? "") : null,
            Type is "run_paused" or "run_cancelled" ? Detail : null);
    }

    /// <summary>Null when the run has no row in the queue.</summary>
    async Task<(QueuePlace?, DateTimeOffset Now)> Place(string tenant, Guid runId, CancellationToken ct) =>
        await database.First<PlaceRow>(
            """
            select clock_timestamp() as now, q.node, q.waits_for, q.rate_provider || '/' || q.rate_model as rate,
              coalesce(q.not_before, q.wake_at) - clock_timestamp() as wait, q.wake_at, q.after_run,
              coalesce((
                select array_agg(concat_ws(':', u.scope, nullif(u.value, '')) || ' ' || u.running || ' ' || u.max_runs order by u.scope)
                from agents.admission_use u
                where u.running >= u.max_runs and (u.scope = 'overall' or (u.scope, u.value) in
                  (('tenant', q.tenant_id), ('agent', q.agent), ('model', q.model), ('key', q.key),
                   ('provider', agents.provider_of(q.model, @main, @entries))))), '{}') as full_limits,
              (select json_agg(json_build_object('scope', concat_ws(':', p.scope, nullif(p.value, '')), 'since', p.paused_at,
                 'by', p.paused_by, 'reason', p.reason) order by p.scope) from agents.admission_pause p
               where p.scope = 'all' or (p.scope, p.value) in (('tenant', q.tenant_id), ('agent', q.agent))) as pauses,
              (select json_agg(json_build_object('scope', 'node:' || n.name, 'since', coalesce(n.drained_at, p.paused_at),
                 'by', coalesce(n.drained_by, p.paused_by), 'reason', coalesce(p.reason, ''), 'isDrained', n.drained_at is not null) order by n.name)
               from agents.living_node n left join agents.admission_pause p on p.scope = 'node' and p.value = n.name
               where n.slots > 0 and (n.drained_at is not null or p.scope is not null)) as idle_nodes,
              (select count(*) from agents.ready_run o where o.tenant_id = q.tenant_id and o.priority > q.priority)
              + (select count(*) from agents.ready_run o
                 where o.tenant_id = q.tenant_id and o.priority = q.priority and (o.since, o.run_id) < (q.since, q.run_id)) as before,
              (select coalesce(sum(least(n.slots, (
                 select l.max_runs from agents.admission_limit l where l.scope = 'node' and l.value = n.name))), 0)::integer
               from agents.living_node n
               where n.drained_at is null and n.name not in (select p.value from agents.admission_pause p where p.scope = 'node')) as slots,
              (select count(*) from agents.run_queue o where o.node is not null and o.state <> 'settling') as running,
              (select sum(p.given) * 60 / greatest(10, extract(epoch from clock_timestamp() - min(p.at)))::float8 from agents.admission_pace p
               where p.at > clock_timestamp() - interval '5 min' and p.tenant_id = q.tenant_id and p.priority >= q.priority) as starts_per_minute
            from agents.run_queue q
            where q.tenant_id = @tenant and q.run_id = @run_id and q.state <> 'settling'
            """, new { tenant, runId, main = providers.Main.Name, entries = providers.Names }, ct) is { } row ? (row.Place(), row.Now) : (null, default);

    sealed record PlaceRow(
        DateTimeOffset Now, string? Node, QueueWait? WaitsFor, string? Rate, TimeSpan? Wait, DateTimeOffset? WakeAt, Guid? AfterRun,
        string[] FullLimits, JsonElement? Pauses, JsonElement? IdleNodes, long Before, int Slots, int Running, double? StartsPerMinute)
    {
        public QueuePlace Place() => new(
            Node, WaitsFor, Rate, Wait, AfterRun, [.. FullLimits.Select(LimitOf)], StoppedIn(Pauses), Before, Slots, Running, StartsPerMinute, WakeAt,
            StoppedIn(IdleNodes));
    }

    static IReadOnlyList<Stopped> StoppedIn(JsonElement? rows) => rows?.Deserialize<List<Stopped>>(JsonFormat.Api) ?? [];

    static FullLimit LimitOf(string text)
    {
        var parts = text.Split(' ');
        return new(string.Join(' ', parts[..^2]), int.Parse(parts[^2], null), int.Parse(parts[^1], null));
    }
}
