using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Api.Costs;

/// <summary>A window of time of a tenant, and the statements that ask about it.</summary>
sealed record DashboardWindow(NpgsqlConnection Connection, string Tenant, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Days that are open, or in the window in part: what belongs to them is read one by one, all others from their stored sums.</summary>
    public const string DaysReadSingly =
        """
        with singly as (
          select day from finance.open_day where tenant_id = @tenant and day between @first_day and @last_day
          union select day from unnest(@days_in_part) part (day) where day between @first_day and @last_day
        )
        """;

    /// <summary>
    /// Asks with the window's values: <c>@tenant</c>, <c>@first_day</c> and <c>@last_day</c>, the first moment <c>@from</c>, the first moment after
    /// it
    /// <c>@until</c>, and <c>@days_in_part</c>, the days that are in it in part.
    /// </summary>
    public Task<List<T>> Query<T>(string sql, CancellationToken ct) => Connection.Query<T>(sql, Values(), ct);

    /// <inheritdoc cref="Query"/>
    public Task<T?> First<T>(string sql, CancellationToken ct) => Connection.First<T>(sql, Values(), ct);

    object Values() => new
    {
        Tenant,
        FirstDay = DayOf(From),
        LastDay = DayOf(Until.AddTicks(-1)),
        From,
        Until,
        DaysInPart = new[] { From, Until }.Where(time => time.TimeOfDay != TimeSpan.Zero).Select(DayOf).Distinct().ToArray(),
    };

    static DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
