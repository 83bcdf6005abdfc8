using Agents.Host.Api.Runs;
using Agents.Host.Platform;
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
    static Task<List<DayCost>> Days(NpgsqlDataSource database, string tenant, DateOnly since, CancellationToken ct) => database.Query<DayCost>(
        """
        select day, agent, model, calls, coalesce(cost_usd, 0) as cost_usd, unpriced_calls,
          coalesce(all_input_tokens, 0)::bigint as input_tokens, coalesce(all_output_tokens, 0)::bigint as output_tokens
        from finance.daily_cost
        where tenant_id = @tenant and day >= @since and (calls > 0 or cost_usd <> 0)
        order by day desc, agent, model
        """, new { tenant, since }, ct);

    static Task<UnconfirmedView?> Unconfirmed(NpgsqlDataSource database, string tenant, DateOnly since, CancellationToken ct) =>
        database.First<UnconfirmedView>(
            """
            select count(*) as calls, coalesce(sum(low_usd), 0) as low, case when bool_or(high_usd is null) then null else sum(high_usd) end as high
            from finance.unconfirmed
            where tenant_id = @tenant and day >= @since
            having count(*) > 0
            """, new { tenant, since }, ct);
}
