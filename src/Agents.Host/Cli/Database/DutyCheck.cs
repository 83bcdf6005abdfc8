using System.Globalization;
using Agents.Host.Cli.Display;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>What the duties of the servers could not see to, as it stands in <c>agents.set_aside</c>.</summary>
static class DutyCheck
{
    /// <summary>Items that are named; of more there is only the number.</summary>
    const int MostNamed = 5;

    /// <summary>Null before a server has made the table.</summary>
    public static async Task<Check?> Of(NpgsqlConnection connection, CancellationToken ct)
    {
        if (!await connection.First<bool>("select to_regclass('agents.set_aside') is not null", null, ct)) return null;

        var rows = await connection.Query<SetAsideRow>(
            """
            select duty, tenant_id, item, failures, since, until, reason, count(*) over () as of from agents.set_aside
            order by since, duty, item limit @most_named
            """, new { MostNamed }, ct);
        var (named, all) = (rows.ConvertAll(row => row.Text()), rows is [var first, ..] ? first.Of : 0);
        if (all == 0) return new("duties", CheckResult.Ok, "nothing is set aside");
        var more = all > named.Count ? $"; and {Formats.Number(all - named.Count)} more in agents.set_aside" : "";
        return new("duties", CheckResult.Warn, $"set aside: {string.Join("; ", named)}{more}. The server's log has the stack of each");
    }

    /// <param name="Of">How many there are in all.</param>
    sealed record SetAsideRow(
        string Duty, string TenantId, string Item, int Failures, DateTimeOffset Since, DateTimeOffset Until, string Reason, long Of)
    {
        public string Text() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Duty}, {Item}{(TenantId == "" ? "" : $" of tenant {TenantId}")}: failed {Formats.Count(Failures, "time")} since {Since:u}, "
            + $"tried again at {Until:u}. {Reason}");
    }
}
