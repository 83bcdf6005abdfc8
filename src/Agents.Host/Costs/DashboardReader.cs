using Npgsql;

namespace Agents.Host.Costs;

/// <summary>Reads the dashboard's figures from the ledger and the run summaries.</summary>
public static class DashboardReader
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
        await using var command = window.Command(
            """
            select count(*), count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed'), count(*) filter (where status = 'cancelled'),
              avg(took)::double precision, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by took)
            from (
              select status, date_part('epoch', finished_at - queued_at) as took from agents.run_summary
              where tenant_id = $1 and (finished_at at time zone 'UTC')::date between $2 and $3 and finished_at >= $4 and finished_at < $5) ended
            """);
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new(
            row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3),
            row.IsDBNull(4) ? null : DurationsOf(row.GetDouble(4), row.GetFieldValue<double[]>(5)));
    }

    static Durations DurationsOf(double average, double[] percentiles) => new(average, percentiles[0], percentiles[1], percentiles[2]);

    static async Task<IReadOnlyList<Wasted>> Waste(DashboardWindow window, CancellationToken ct)
    {
        await using var command = window.Command(
            "select kind, sum(attempts)::bigint, sum(cost_usd), coalesce(sum(tokens), 0)::bigint from finance.waste "
            + "where tenant_id = $1 and day between $2 and $3 group by kind order by kind", hasTimes: false);
        await using var rows = await command.ExecuteReaderAsync(ct);
        var waste = new List<Wasted>();
        while (await rows.ReadAsync(ct)) waste.Add(new(rows.GetString(0), rows.GetInt64(1), rows.IsDBNull(2) ? null : rows.GetDecimal(2), rows.GetInt64(3)));
        return waste;
    }

    static async Task<decimal> Saved(DashboardWindow window, CancellationToken ct)
    {
        await using var command = window.Command(
            "select coalesce(sum(saved_usd - write_surcharge_usd), 0) from finance.cache_saving where tenant_id = $1 and day between $2 and $3", hasTimes: false);
        return (decimal)(await command.ExecuteScalarAsync(ct))!;
    }
}
