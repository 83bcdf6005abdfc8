using Npgsql;

namespace Agents.Host.Api.Costs;

/// <summary>Reads the dashboard's figures from the ledger and the run summaries.</summary>
public static class DashboardReader
{
    /// <summary>What figures can be grouped by, and the column that is.</summary>
    public static readonly IReadOnlyDictionary<string, string> Groupings = new Dictionary<string, string>
    {
        ["agent"] = "agent", ["model"] = "model", ["day"] = "day", ["run"] = "run_id", ["step"] = "step_name",
        ["provider"] = "provider", ["tenant"] = "tenant_id",
    };

    /// <summary>The most groups of an answer, the dearest first.</summary>
    public const int MostGroups = 1_000;

    const string EndedSingly =
        $"""
        {DashboardWindow.DaysReadSingly}, ended as (
          select r.status, extract(epoch from r.finished_at - r.queued_at) as seconds from singly s cross join lateral (
            select status, queued_at, finished_at from agents.run_summary
            where tenant_id = @tenant and (finished_at at time zone 'UTC')::date = s.day and finished_at >= @from and finished_at < @until offset 0) r
        )
        """;

    /// <param name="by">A key of <see cref="Groupings"/>. Null for no groups.</param>
    public static async Task<Dashboard> Read(
        NpgsqlConnection connection, string tenant, DateTimeOffset from, DateTimeOffset until, string? by, CancellationToken ct,
        int groups = MostGroups)
    {
        var window = new DashboardWindow(connection, tenant, from.ToUniversalTime(), until.ToUniversalTime());
        var calls = await DashboardCalls.Read(window, by, groups, ct);
        var runs = await Runs(window, ct);
        var waste = await Waste(window, ct);
        var saved = await Saved(window, ct);
        var total = calls[0].Figures;
        return new(
            window.From, window.Until, by, total.CostUsd, total.Tokens.Total(), runs.AverageSeconds, runs.ErrorRate,
            runs, total, runs.Ended == 0 ? null : (double)total.Calls / runs.Ended, waste, saved,
            [.. calls.Skip(1).Take(groups)], null);
    }

    static async Task<RunFigures> Runs(DashboardWindow window, CancellationToken ct)
    {
        var counted = (await window.First<RunCounts>(
            $"""
            {EndedSingly}, parts as (
              select (status = 'completed')::int as completed, (status = 'failed')::int as failed, (status = 'cancelled')::int as cancelled, seconds
              from ended
              union all
              select completed, failed, cancelled, ended_seconds from finance.day_run
              where tenant_id = @tenant and day between @first_day and @last_day and day not in (select day from singly)
            )
            select coalesce(sum(completed), 0) as completed, coalesce(sum(failed), 0) as failed, coalesce(sum(cancelled), 0) as cancelled,
              sum(seconds)::double precision as seconds
            from parts
            """, ct))!;
        var (completed, failed, cancelled, seconds) = counted;
        var ended = completed + failed + cancelled;
        if (ended == 0) return new(0, 0, 0, 0, null);

        var durations = await DashboardDurations.Read(
            window,
            $"""
            {EndedSingly}, took as (
              select null::text as k, 1000 * seconds::double precision as ms, 1::bigint as n from ended
              union all
              select null, t.ms, t.n from finance.day_latency l cross join lateral unnest(l.milliseconds, l.calls) t (ms, n)
              where l.tenant_id = @tenant and l.dimension = 'run' and l.day between @first_day and @last_day and l.day not in (select day from singly)
            )
            """,
            isGrouped: false, ct); // after the counts: a run that ends meanwhile is one more
        return new(ended, completed, failed, cancelled, durations[new(IsTotal: true, null)] with { AverageSeconds = seconds!.Value / ended });
    }

    sealed record RunCounts(long Completed, long Failed, long Cancelled, double? Seconds);

    static async Task<IReadOnlyList<Wasted>> Waste(DashboardWindow window, CancellationToken ct) => await window.Query<Wasted>(
        """
        select kind, sum(attempts) as attempts, sum(cost_usd) as cost_usd, coalesce(sum(tokens), 0) as tokens from finance.waste
        where tenant_id = @tenant and day between @first_day and @last_day
        group by kind
        order by kind
        """, ct);

    static Task<decimal> Saved(DashboardWindow window, CancellationToken ct) => window.First<decimal>(
        """
        select coalesce(sum(saved_usd), 0) - coalesce(sum(write_surcharge_usd), 0) from finance.day_group
        where tenant_id = @tenant and day between @first_day and @last_day
        """, ct);
}
