namespace Agents.Host.Api.Costs;

/// <param name="Key">The agent, model and so on. Null for all together, and for calls that have none.</param>
readonly record struct GroupKey(bool IsTotal, string? Key);

/// <summary>Averages and percentiles of how long things took; a percentile is a time that occurred.</summary>
static class DashboardDurations
{
    /// <param name="took">Common table expressions, the last one <c>took</c>: key <c>k</c>, milliseconds <c>ms</c>, and how many took so long, <c>n</c>.</param>
    /// <param name="isGrouped">False for all together only.</param>
    public static async Task<Dictionary<GroupKey, Durations>> Read(DashboardWindow window, string took, bool isGrouped, CancellationToken ct)
    {
        await using var command = window.Command(
            $"""
            {took}, counted as (
              select {(isGrouped ? "grouping(k) as is_total, k" : "1 as is_total, null as k")}, ms, sum(n) as n from took
              group by {(isGrouped ? "grouping sets ((ms), (k, ms))" : "ms")}
            ), placed as (
              select is_total, k, ms, n, sum(n) over (partition by is_total, k order by ms) as place, sum(n) over (partition by is_total, k) as of from counted
            )
            select is_total, k::text, (sum(ms * n) / sum(n))::double precision, min(ms) filter (where place >= 0.5 * of), min(ms) filter (where place >= 0.95 * of),
              min(ms) filter (where place >= 0.99 * of)
            from placed group by is_total, k
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new Dictionary<GroupKey, Durations>();
        while (await rows.ReadAsync(ct))
            found.Add(
                new(rows.GetInt32(0) == 1, rows.IsDBNull(1) ? null : rows.GetString(1)),
                new(rows.GetDouble(2) / 1000, rows.GetDouble(3) / 1000, rows.GetDouble(4) / 1000, rows.GetDouble(5) / 1000));
        return found;
    }
}
