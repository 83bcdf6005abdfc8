using Agents.Host.Engine.Queue;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Stores the sums of days that are over, so that views and the dashboard read them instead of the calls. Nothing depends on when, or whether, it is done:
/// a day that is open is summed anew for each question. Every node may do it; the database lets one at a time close a day.
/// </summary>
public sealed class DayClosing(NpgsqlDataSource database, Node node, ILogger<DayClosing> log) : BackgroundService
{
    /// <summary>Days closed in one round: of many tenants, or of a database from before there were sums.</summary>
    const int Batch = 1_000;

    static readonly TimeSpan Poll = TimeSpan.FromMinutes(1);

    /// <summary>For a day with millions of calls.</summary>
    static readonly TimeSpan LongestClosing = TimeSpan.FromMinutes(10);

    const string Over = "select tenant_id, day from finance.open_day where day < (clock_timestamp() at time zone 'UTC')::date order by day desc, tenant_id limit $1";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.Forever("Closing days", () => CloseAll(database, stoppingToken), () => Task.Delay(Poll, stoppingToken), log, stoppingToken);
    }

    /// <summary>Closes the days that are over by the database's clock.</summary>
    public static async Task CloseAll(NpgsqlDataSource database, CancellationToken ct)
    {
        var over = new List<(string Tenant, DateOnly Day)>();
        await using (var command = database.CreateCommand(Over))
        {
            command.Parameters.Add(new() { Value = Batch });
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct)) over.Add((rows.GetString(0), rows.GetFieldValue<DateOnly>(1)));
        }

        foreach (var (tenant, day) in over)
        {
            await using var close = database.CreateCommand("call finance.close_day($1, $2)");
            close.CommandTimeout = (int)LongestClosing.TotalSeconds;
            close.Parameters.Add(new() { Value = tenant });
            close.Parameters.Add(new() { Value = day });
            await close.ExecuteNonQueryAsync(ct);
        }
    }
}
