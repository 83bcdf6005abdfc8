using Npgsql;

namespace Agents.Host.Api.Costs;

/// <summary>A window of time of a tenant, and the statements that ask about it.</summary>
sealed record DashboardWindow(NpgsqlConnection Connection, string Tenant, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Days that are open, or in the window in part: what belongs to them is read one by one, all others from their stored sums.</summary>
    public const string DaysReadSingly =
        """
        with singly as (
          select day from finance.open_day where tenant_id = $1 and day between $2 and $3
          union select day from unnest($6::date[]) part (day) where day between $2 and $3
        )
        """;

    /// <summary>A statement whose <c>$1</c> is the tenant, <c>$2</c> and <c>$3</c> the first and the last day; with times, <c>$4</c> the first moment, <c>$5</c> the first moment after it and <c>$6</c> the days that are in it in part.</summary>
    public NpgsqlCommand Command(string sql, bool hasTimes = true)
    {
        var command = new NpgsqlCommand(sql, Connection);
        command.Parameters.Add(new() { Value = Tenant });
        command.Parameters.Add(new() { Value = DayOf(From) });
        command.Parameters.Add(new() { Value = DayOf(Until.AddTicks(-1)) });
        if (!hasTimes) return command;

        command.Parameters.Add(new() { Value = From });
        command.Parameters.Add(new() { Value = Until });
        command.Parameters.Add(new() { Value = new[] { From, Until }.Where(time => time.TimeOfDay != TimeSpan.Zero).Select(DayOf).Distinct().ToArray() });
        return command;
    }

    static DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
