using Npgsql;

namespace Agents.Host.Costs;

/// <summary>Reads the dashboard's figures from the ledger and the run summaries.</summary>
static class DashboardReader
{
    /// <summary>What figures can be grouped by, and the column that is.</summary>
    public static readonly IReadOnlyDictionary<string, string> Groupings = new Dictionary<string, string>
    {
        ["agent"] = "agent", ["model"] = "model", ["day"] = "day", ["run"] = "run_id", ["step"] = "step_name", ["provider"] = "provider", ["tenant"] = "tenant_id",
    };

    /// <summary>The most groups of an answer, the dearest first.</summary>
    public const int MostGroups = 1_000;

    /// <param name="by">A key of <see cref="Groupings"/>. Null for no groups.</param>
    public static async Task<Dashboard> Read(
        NpgsqlConnection connection, string tenant, DateTimeOffset from, DateTimeOffset until, string? by, CancellationToken ct, int groups = MostGroups)
    {
        var window = new Window(connection, tenant, from.ToUniversalTime(), until.ToUniversalTime());
        var calls = await Calls(window, by, groups, ct);
        var runs = await Runs(window, ct);
        var waste = await Waste(window, ct);
        var saved = await Saved(window, ct);
        var total = calls[0].Figures;
        return new(
            window.From, window.Until, by, total.CostUsd, total.Tokens.Total(), runs.AverageSeconds, runs.ErrorRate,
            runs, total, runs.Ended == 0 ? null : (double)total.Calls / runs.Ended, waste, saved,
            [.. calls.Skip(1).Take(groups)], null);
    }

    static async Task<List<DashboardGroup>> Calls(Window window, string? by, int groups, CancellationToken ct)
    {
        var key = by is null ? "null::text" : $"{Groupings[by]}::text";
        await using var command = window.Command(
            $"""
            select grouping(k) as is_total, k,
              count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'), count(*) filter (where status = 'unknown'),
              coalesce(sum(cost_usd), 0), count(*) filter (where status = 'completed' and cost_usd is null),
              coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(cached_input_tokens), 0)::bigint, coalesce(sum(cache_write_5_minutes_tokens), 0)::bigint,
              coalesce(sum(cache_write_1_hour_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint, coalesce(sum(reasoning_tokens), 0)::bigint,
              avg(latency_ms) filter (where status = 'completed'),
              percentile_cont(array[0.5, 0.95, 0.99]) within group (order by latency_ms) filter (where status = 'completed'),
              coalesce(sum(low_usd) filter (where is_unconfirmed), 0), coalesce(sum(high_usd) filter (where is_unconfirmed), 0),
              count(*) filter (where is_unconfirmed), coalesce(bool_or(is_unconfirmed and high_usd is null), false)
            from (
              select {key} as k, status, cost_usd, input_tokens, cached_input_tokens, cache_write_5_minutes_tokens, cache_write_1_hour_tokens, output_tokens,
                reasoning_tokens, latency_ms, low_usd, high_usd,
                status = 'unknown' and not exists (
                  select from finance.model_call r where r.tenant_id = c.tenant_id and r.run_id = c.run_id and r.call = c.call
                    and r.attempt = c.attempt and r.status = 'resolved') as is_unconfirmed
              from finance.model_call c where tenant_id = $1 and day between $2 and $3 and at >= $4 and at < $5) calls
            group by grouping sets ((), (k))
            order by is_total desc, coalesce(sum(cost_usd), 0) desc, k limit {(by is null ? 1 : groups + 1)}
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new List<DashboardGroup>();
        while (await rows.ReadAsync(ct))
        {
            var latency = rows.IsDBNull(13)
                ? null
                : DurationsOf(rows.GetDouble(13), rows.GetFieldValue<double[]>(14), perSecond: 1000);
            var unconfirmed = rows.GetInt64(17) == 0
                ? null
                : new Runs.UnconfirmedView((int)rows.GetInt64(17), rows.GetDecimal(15), rows.GetBoolean(18) ? null : rows.GetDecimal(16));
            found.Add(new(rows.IsDBNull(1) ? null : rows.GetString(1), new(
                rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetDecimal(5), unconfirmed, rows.GetInt64(6),
                new(rows.GetInt64(7), rows.GetInt64(11), rows.GetInt64(8), rows.GetInt64(9), rows.GetInt64(10), rows.GetInt64(12)), latency)));
        }

        return found;
    }

    static async Task<RunFigures> Runs(Window window, CancellationToken ct)
    {
        await using var command = window.Command(
            """
            select count(*), count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'), count(*) filter (where status = 'cancelled'),
              avg(took)::double precision, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by took)
            from (
              select status, extract(epoch from finished_at - queued_at)::double precision as took from agents.run_summary
              where tenant_id = $1 and (finished_at at time zone 'UTC')::date between $2 and $3 and finished_at >= $4 and finished_at < $5) ended
            """);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
            row.IsDBNull(4) ? null : DurationsOf(row.GetDouble(4), row.GetFieldValue<double[]>(5), perSecond: 1));
    }

    static Durations DurationsOf(double average, double[] percentiles, double perSecond) =>
        new(average / perSecond, percentiles[0] / perSecond, percentiles[1] / perSecond, percentiles[2] / perSecond);

    static async Task<IReadOnlyList<Wasted>> Waste(Window window, CancellationToken ct)
    {
        await using var command = window.Command(
            "select kind, sum(attempts)::bigint, sum(cost_usd), coalesce(sum(tokens), 0)::bigint from finance.waste "
            + "where tenant_id = $1 and day between $2 and $3 group by kind order by kind", hasTimes: false);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var waste = new List<Wasted>();
        while (await rows.ReadAsync(ct)) waste.Add(new(rows.GetString(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : rows.GetDecimal(2), rows.GetInt64(3)));
        return waste;
    }

    static async Task<decimal> Saved(Window window, CancellationToken ct)
    {
        await using var command = window.Command(
            "select coalesce(sum(saved_usd - write_surcharge_usd), 0) from finance.cache_saving where tenant_id = $1 and day between $2 and $3", hasTimes: false);
        return (decimal)(await command.ExecuteScalarAsync(ct))!;
    }

    sealed record Window(NpgsqlConnection Connection, string Tenant, DateTimeOffset From, DateTimeOffset Until)
    {
        public NpgsqlCommand Command(string sql, bool hasTimes = true)
        {
            var command = new NpgsqlCommand(sql, Connection);
            command.Parameters.Add(new() { Value = Tenant });
            command.Parameters.Add(new() { Value = DateOnly.FromDateTime(From.UtcDateTime) });
            command.Parameters.Add(new() { Value = DateOnly.FromDateTime(Until.UtcDateTime.AddTicks(-1)) });
            if (!hasTimes) return command;

            command.Parameters.Add(new() { Value = From });
            command.Parameters.Add(new() { Value = Until });
            return command;
        }
    }
}
