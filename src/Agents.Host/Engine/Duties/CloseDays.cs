using System.Globalization;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Stores the sums of days that are over, so that views and the dashboard read them instead of the calls. Nothing depends on when, or whether, it is
/// done: a day that is open is summed anew for each question. Every node may do it; the database lets one at a time close a day.
/// </summary>
public sealed class CloseDays(NpgsqlDataSource database) : IDuty
{
    const string Title = "close days";

    /// <summary>Days closed in one round: of many tenants, or of a database from before there were sums.</summary>
    const int Batch = 1_000;

    static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    /// <summary>A day may have millions of calls.</summary>
    static readonly DutyPace Pace = new() { Within = TimeSpan.FromMinutes(10), Patience = TimeSpan.FromMinutes(1) };

    const string Over =
        $"""
        select tenant_id as tenant, day from finance.open_day
        where day < (clock_timestamp() at time zone 'UTC')::date and not agents.is_set_aside('{Title}', tenant_id, to_char(day, 'YYYY-MM-DD'))
        order by day desc, tenant_id limit @batch
        """;

    public string Name => Title;

    public async Task Round(DutyRound round, CancellationToken ct) =>
        await round.SeeTo(
            await round.Ask(token => AreOver(database, token)),
            open => new(open.Tenant, open.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            (open, token) => Close(database, open, token), Pace);

    public Task Wait(CancellationToken ct) => Task.Delay(Every, ct);

    /// <summary>Closes the days that are over by the database's clock.</summary>
    public static async Task CloseAll(NpgsqlDataSource database, CancellationToken ct)
    {
        foreach (var open in await AreOver(database, ct)) await Close(database, open, ct);
    }

    static async Task<IReadOnlyList<OpenDay>> AreOver(NpgsqlDataSource database, CancellationToken ct) =>
        await database.Query<OpenDay>(Over, new { Batch }, ct);

    static async Task Close(NpgsqlDataSource database, OpenDay open, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.Execute("call finance.close_day(@tenant, @day)", new { open.Tenant, open.Day }, ct, Pace.Within);
    }

    readonly record struct OpenDay(string Tenant, DateOnly Day);
}
