namespace Agents.Host.Api.Costs;

/// <param name="Key">The agent, model and so on. Null for all together, and for calls that have none.</param>
readonly record struct GroupKey(bool IsTotal, string? Key);

/// <summary>Averages and percentiles of how long things took; a percentile is a time that occurred.</summary>
static class DashboardDurations
{
    /// <param name="took">
    /// Common table expressions, the last one <c>took</c>: key <c>k</c>, milliseconds <c>ms</c>, and how many took so long, <c>n</c>.
    /// </param>
    /// <param name="isGrouped">False for all together only.</param>
    public static async Task<Dictionary<GroupKey, Durations>> Read(DashboardWindow window, string took, bool isGrouped, CancellationToken ct)
    {
        var rows = await window.Query<TookRow>(
            $"""
            {took}, counted as (
              select {(isGrouped ? "grouping(k) as is_total, k" : "1 as is_total, null as k")}, ms, sum(n) as n from took
              group by {(isGrouped ? "grouping sets ((ms), (k, ms))" : "ms")}
            ), placed as (
              select is_total, k, ms, n, sum(n) over (partition by is_total, k order by ms) as place, sum(n) over (partition by is_total, k) as of
              from counted
            )
            select is_total = 1 as is_total, k::text as key, (sum(ms * n) / sum(n))::double precision as average_ms,
              min(ms) filter (where place >= 0.5 * of) as p_50_ms, min(ms) filter (where place >= 0.95 * of) as p_95_ms,
              min(ms) filter (where place >= 0.99 * of) as p_99_ms
            from placed
            group by placed.is_total, k
            """, ct);
        return rows.ToDictionary(
            row => new GroupKey(row.IsTotal, row.Key),
            row => new Durations(row.AverageMs / 1000, row.P50Ms / 1000, row.P95Ms / 1000, row.P99Ms / 1000));
    }

    sealed record TookRow(bool IsTotal, string? Key, double AverageMs, double P50Ms, double P95Ms, double P99Ms);
}
