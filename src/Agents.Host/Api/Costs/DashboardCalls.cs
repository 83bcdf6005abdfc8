using Agents.Host.Api.Runs;
using Npgsql;

namespace Agents.Host.Api.Costs;

/// <summary>
/// Reads the model calls of a window: closed days from their stored sums, open days and the ends of the window from the calls themselves. Latencies of closed
/// days are within 1 % of what they were, all others exact; a percentile is a latency that occurred.
/// </summary>
static class DashboardCalls
{
    const string Singly =
        $"""
        {DashboardWindow.DaysReadSingly}, calls as (
          select c.* from singly s cross join lateral (
            select * from finance.model_call c where c.tenant_id = $1 and c.day = s.day and c.at >= $4 and c.at < $5 offset 0) c
        )
        """;

    /// <summary>Stored sums do not tell runs apart.</summary>
    const string AllSingly = "with calls as (select * from finance.model_call where tenant_id = $1 and day between $2 and $3 and at >= $4 and at < $5)";

    public static async Task<List<DashboardGroup>> Read(DashboardWindow window, string? by, int groups, CancellationToken ct)
    {
        var latencies = await Latencies(window, by, ct);
        var unconfirmed = await Unconfirmed(window, by, ct);
        await using var command = window.Command(
            $"""
            {(by is "run" ? AllSingly : Singly)}, parts as (
              select {KeyOf(by)} as k, (status = 'completed')::int as calls, (status = 'failed')::int as failed, (status = 'unknown')::int as lost, cost_usd,
                (status = 'completed' and cost_usd is null)::int as unpriced, input_tokens, cached_input_tokens, cache_write_5_minutes_tokens,
                cache_write_1_hour_tokens, output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, web_searches
              from calls
              {(by is "run" ? "" : $"""
              union all
              select {KeyOf(by)}, calls, failed_attempts, lost_attempts, cost_usd, unpriced_calls, input_tokens, cached_input_tokens, cache_write_5_minutes_tokens,
                cache_write_1_hour_tokens, output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, web_searches
              from finance.day_sum where tenant_id = $1 and day between $2 and $3 and day not in (select day from singly)
              """)}
            )
            select grouping(k) as is_total, k::text, coalesce(sum(calls), 0)::bigint, coalesce(sum(failed), 0)::bigint, coalesce(sum(lost), 0)::bigint,
              coalesce(sum(cost_usd), 0), coalesce(sum(unpriced), 0)::bigint,
              coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(cached_input_tokens), 0)::bigint, coalesce(sum(cache_write_5_minutes_tokens), 0)::bigint,
              coalesce(sum(cache_write_1_hour_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint, coalesce(sum(reasoning_tokens), 0)::bigint,
              coalesce(sum(audio_input_tokens), 0)::bigint, coalesce(sum(audio_output_tokens), 0)::bigint, coalesce(sum(web_searches), 0)::bigint
            from parts group by grouping sets ((), (k))
            order by is_total desc, coalesce(sum(cost_usd), 0) desc, k limit {(by is null ? 1 : (long)groups + 1)}
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new List<DashboardGroup>();
        while (await rows.ReadAsync(ct))
        {
            var key = rows.IsDBNull(1) ? null : rows.GetString(1);
            var group = new GroupKey(rows.GetInt32(0) == 1, key);
            found.Add(new(key, new(
                rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetDecimal(5), unconfirmed.GetValueOrDefault(group), rows.GetInt64(6),
                new(rows.GetInt64(7), rows.GetInt64(11), rows.GetInt64(8), rows.GetInt64(9), rows.GetInt64(10), rows.GetInt64(12),
                    rows.GetInt64(13), rows.GetInt64(14), rows.GetInt64(15)),
                latencies.GetValueOrDefault(group))));
        }

        return found;
    }

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
              select {(dimension == "all" ? KeyOf(by) : "key")}, t.ms, t.n from finance.day_latency l cross join lateral unnest(l.milliseconds, l.calls) t (ms, n)
              where l.tenant_id = $1 and l.dimension = '{dimension}' and l.day between $2 and $3 and l.day not in (select day from singly)
              """)}
            )
            """,
            by is not null, ct);
    }

    static async Task<Dictionary<GroupKey, UnconfirmedView>> Unconfirmed(DashboardWindow window, string? by, CancellationToken ct)
    {
        await using var command = window.Command(
            $"""
            select grouping(k), k::text, count(*)::int, sum(low_usd), case when bool_or(high_usd is null) then null else sum(high_usd) end
            from (
              select {(by is "provider" ? "null::text" : KeyOf(by))} as k, low_usd, high_usd from finance.unconfirmed
              where tenant_id = $1 and day between $2 and $3 and at >= $4 and at < $5) lost
            group by grouping sets ((), (k)) having count(*) > 0
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new Dictionary<GroupKey, UnconfirmedView>();
        while (await rows.ReadAsync(ct))
            found[new(rows.GetInt32(0) == 1, rows.IsDBNull(1) ? null : rows.GetString(1))] =
                new(rows.GetInt32(2), rows.GetDecimal(3), rows.IsDBNull(4) ? null : rows.GetDecimal(4));
        return found;
    }

    static string KeyOf(string? by) => by is null ? "null::text" : DashboardReader.Groupings[by];
}
