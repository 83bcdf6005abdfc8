using Agents.Domain.Costs;
using Agents.Host.Api.Runs;
using Agents.Projections;

namespace Agents.Host.Api.Costs;

/// <summary>
/// Reads the model calls of a window: closed days from their stored sums, open days and the ends of the window from the calls themselves. Latencies
/// of closed days are within 1 % of what they were, all others exact; a percentile is a latency that occurred.
/// </summary>
static class DashboardCalls
{
    const string Singly =
        $"""
        {DashboardWindow.DaysReadSingly}, calls as (
          select c.* from singly s cross join lateral (
            select * from finance.model_call c where c.tenant_id = @tenant and c.day = s.day and c.at >= @from and c.at < @until offset 0) c
        )
        """;

    /// <summary>Stored sums do not tell runs apart.</summary>
    const string AllSingly =
        """
        with calls as (
          select * from finance.model_call
          where tenant_id = @tenant and day between @first_day and @last_day and at >= @from and at < @until)
        """;

    public static async Task<List<DashboardGroup>> Read(DashboardWindow window, string? by, int groups, CancellationToken ct)
    {
        var latencies = await Latencies(window, by, ct);
        var unconfirmed = await Unconfirmed(window, by, ct);
        var rows = await window.Query<GroupRow>(
            $"""
            {(by is "run" ? AllSingly : Singly)}, parts as (
              select {KeyOf(by)} as k, (status = 'completed')::int as calls, (status = 'failed')::int as failed, (status = 'unknown')::int as lost,
                cost_usd,
                (status = 'completed' and cost_usd is null)::int as unpriced, {UsageColumns.All}
              from calls
              {(by is "run" ? "" : $"""
              union all
              select {KeyOf(by)}, calls, failed_attempts, lost_attempts, cost_usd, unpriced_calls, {UsageColumns.All}
              from finance.day_sum where tenant_id = @tenant and day between @first_day and @last_day and day not in (select day from singly)
              """)}
            )
            select grouping(k) = 1 as is_total, k::text as key, coalesce(sum(calls), 0) as calls, coalesce(sum(failed), 0) as failed,
              coalesce(sum(lost), 0) as lost, coalesce(sum(cost_usd), 0) as cost_usd, coalesce(sum(unpriced), 0) as unpriced,
              {UsageColumns.Sums}
            from parts
            group by grouping sets ((), (k))
            order by grouping(k) desc, coalesce(sum(parts.cost_usd), 0) desc, k limit {(by is null ? 1 : (long)groups + 1)}
            """, ct);
        return rows.ConvertAll(row => new DashboardGroup(row.Key, new(
            row.Calls, row.Failed, row.Lost, row.CostUsd, unconfirmed.GetValueOrDefault(new(row.IsTotal, row.Key)), row.Unpriced, row.Tokens,
            latencies.GetValueOrDefault(new(row.IsTotal, row.Key)))));
    }

    sealed record GroupRow(
        bool IsTotal, string? Key, long Calls, long Failed, long Lost, decimal CostUsd, long Unpriced, Usage Tokens);

    static Task<Dictionary<GroupKey, Durations>> Latencies(DashboardWindow window, string? by, CancellationToken ct)
    {
        var dimension = by is "agent" or "model" or "provider" or "step" ? by : "all";
        return DashboardDurations.Read(
            window,
            $"""
            {(by is "run" ? AllSingly : Singly)}, took as (
              select {KeyOf(by)} as k, latency_ms as ms, 1::bigint as n from calls where status = 'completed' and latency_ms is not null
              {(by is "run" ? "" : $"""
              union all
              select {(dimension == "all" ? KeyOf(by) : "key")}, t.ms, t.n
              from finance.day_latency l cross join lateral unnest(l.milliseconds, l.calls) t (ms, n)
              where l.tenant_id = @tenant and l.dimension = '{dimension}' and l.day between @first_day and @last_day
                and l.day not in (select day from singly)
              """)}
            )
            """,
            by is not null, ct);
    }

    static async Task<Dictionary<GroupKey, UnconfirmedView>> Unconfirmed(DashboardWindow window, string? by, CancellationToken ct)
    {
        var rows = await window.Query<LostRow>(
            $"""
            select grouping(k) = 1 as is_total, k::text as key, count(*) as calls, sum(low_usd) as low_usd,
              case when bool_or(high_usd is null) then null else sum(high_usd) end as high_usd
            from (
              select {(by is "provider" ? "null::text" : KeyOf(by))} as k, low_usd, high_usd from finance.unconfirmed
              where tenant_id = @tenant and day between @first_day and @last_day and at >= @from and at < @until) lost
            group by grouping sets ((), (k)) having count(*) > 0
            """, ct);
        return rows.ToDictionary(row => new GroupKey(row.IsTotal, row.Key), row => new UnconfirmedView(row.Calls, row.LowUsd, row.HighUsd));
    }

    sealed record LostRow(bool IsTotal, string? Key, int Calls, decimal LowUsd, decimal? HighUsd);

    static string KeyOf(string? by) => by is null ? "null::text" : DashboardReader.Groupings[by];
}
