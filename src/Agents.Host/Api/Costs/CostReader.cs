using Agents.Host.Api.Runs;
using Npgsql;

namespace Agents.Host.Api.Costs;

/// <summary>Reads the ledger for people and programs.</summary>
static class CostReader
{
    public static async Task<CostReport> Since(NpgsqlDataSource database, string tenant, DateOnly since, CancellationToken ct)
    {
        var days = await Days(database, tenant, since, ct);
        var total = days.Aggregate(Spend.None, (sum, day) => sum + day.Spend);
        return new(since, days, null, total, await Unconfirmed(database, tenant, since, ct));
    }

    /// <summary>Groups of nothing but failed and lost attempts are left out.</summary>
    static async Task<List<DayCost>> Days(NpgsqlDataSource database, string tenant, DateOnly since, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select day, agent, model, calls, coalesce(cost_usd, 0), unpriced_calls::int,
              coalesce(input_tokens + cached_input_tokens + cache_write_5_minutes_tokens + cache_write_1_hour_tokens, 0)::bigint,
              coalesce(output_tokens + reasoning_tokens, 0)::bigint
            from finance.daily_cost
            where tenant_id = $1 and day >= $2 and (calls > 0 or cost_usd <> 0)
            order by day desc, agent, model
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = since });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var days = new List<DayCost>();
        while (await rows.ReadAsync(ct))
            days.Add(new(
                rows.GetFieldValue<DateOnly>(0), rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2),
                new(rows.GetInt64(3), rows.GetDecimal(4), rows.GetInt32(5), rows.GetInt64(6), rows.GetInt64(7))));
        return days;
    }

    static async Task<UnconfirmedView?> Unconfirmed(NpgsqlDataSource database, string tenant, DateOnly since, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select count(*)::int, sum(low_usd), case when bool_or(high_usd is null) then null else sum(high_usd) end
            from finance.unconfirmed where tenant_id = $1 and day >= $2
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = since });
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return rows.GetInt32(0) == 0 ? null : new(rows.GetInt32(0), rows.GetDecimal(1), rows.IsDBNull(2) ? null : rows.GetDecimal(2));
    }
}
