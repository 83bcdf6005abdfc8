using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>What the watchdog sees at one look.</summary>
/// <param name="Duties">Names of the duties that have something to do.</param>
/// <param name="IsMoreExpected">Runs are worked on, have not settled, or wait for an approval that may come too late.</param>
/// <param name="SetAside">All that is set aside.</param>
/// <param name="HasLeft">Some of it is not due any more.</param>
/// <param name="IsRunReady">A run waits for nothing but a slot.</param>
public sealed record Sight(
    IReadOnlySet<string> Duties, bool IsMoreExpected, IReadOnlyList<(string Duty, DutyItem Item)> SetAside, bool HasLeft, bool IsRunReady);

/// <summary>Whether anything is due, in one question for all duties that look after runs. It locks nothing, and so waits for no row.</summary>
public sealed class Lookout(NpgsqlDataSource database)
{
    /// <summary>Items set aside that one look gives, for the metric.</summary>
    const int MostSetAside = 1_000;

    public async Task<Sight> Look(string node, TimeSpan stalledAfter, CancellationToken ct)
    {
        var seen = await database.Query<Seen>(
            $"""
            select 'due' as what, '{FreeRunsOfDeadNodes.Title}' as duty, null as tenant, null as item
              where exists (select from agents.run_queue where node <> @node and state <> 'settling')
            union all select 'due', '{RedriveStalledRuns.Title}', null, null where exists ({RunsDue.Silent})
            union all select 'due', '{BringBackHeldRuns.Title}', null, null where exists (select from agents.run_queue where {RunsDue.HeldBack})
            union all select 'due', '{GiveBackUnstartedRuns.Title}', null, null where exists (select from agents.run_queue where {RunsDue.Unstarted})
            union all select 'due', '{ExpireRuns.Title}', null, null where exists (select from agents.run_queue where {RunsDue.Overdue})
            union all select 'due', '{DenyUnansweredApprovals.Title}', null, null
              where exists (select from agents.run_queue where {RunsDue.Unapproved})
            union all select 'due', '{SettleRuns.Title}', null, null
              where exists (select from agents.run_queue where {RunsDue.Unsettled("@settles_every")})
            union all select 'due', '{SeeToChildren.Title}', null, null
              where exists (select from agents.run_queue where waits_for = 'child' and redriven_at < clock_timestamp() - @after)
                or exists ({RunsDue.Orphans("@after")}) or exists ({RunsDue.HeldForks("@after")})
            union all select 'due', '{EndWaits.Title}', null, null where exists (select from agents.run_queue q where {RunsDue.WaitIsOver("q")})
            union all select 'ready', null, null, null
              where exists (select from agents.ready_run)
                or exists (select from agents.run_queue where not_before <= clock_timestamp() and node is null and state <> 'settling')
            union all select 'soon', null, null, null
              where exists (select from agents.run_queue where node is not null or state = 'settling')
                or exists (select from agents.run_queue where approve_by is not null)
            union all (
              select case when until < clock_timestamp() - @left_after then 'left' else 'set aside' end, duty, tenant_id, item from agents.set_aside
              limit @most_set_aside)
            """, new { node, after = stalledAfter, RunsDue.SettlesEvery, SetAside.LeftAfter, MostSetAside }, ct);

        var (due, isMoreExpected, aside, hasLeft, isRunReady) = (new HashSet<string>(), false, new List<(string, DutyItem)>(), false, false);
        foreach (var one in seen)
            switch (one.What)
            {
                case "due": due.Add(one.Duty!); break;
                case "soon": isMoreExpected = true; break;
                case "left": hasLeft = true; break;
                case "ready": isRunReady = true; break;
                default: aside.Add((one.Duty!, new(one.Tenant!, one.Item!))); break;
            }

        return new(due, isMoreExpected, aside, hasLeft, isRunReady);
    }

    readonly record struct Seen(string What, string? Duty, string? Tenant, string? Item);
}
