using System.Globalization;
using Agents.Host.Cli.Display;
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
        await using (var exists = new NpgsqlCommand("select to_regclass('agents.set_aside') is not null", connection))
            if (await exists.ExecuteScalarAsync(ct) is not true) return null;

        await using var command = new NpgsqlCommand(
            $"""
            select duty, tenant_id, item, failures, since, until, reason, count(*) over () from agents.set_aside
            order by since, duty, item limit {MostNamed}
            """, connection);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var (named, all) = (new List<string>(), 0L);
        while (await rows.ReadAsync(ct))
        {
            all = rows.GetInt64(7);
            var tenant = rows.GetString(1);
            named.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{rows.GetString(0)}, {rows.GetString(2)}{(tenant == "" ? "" : $" of tenant {tenant}")}: failed "
                + $"{Formats.Count(rows.GetInt32(3), "time")} since "
                + $"{rows.GetFieldValue<DateTimeOffset>(4):u}, tried again at {rows.GetFieldValue<DateTimeOffset>(5):u}. {rows.GetString(6)}"));
        }

        if (all == 0) return new("duties", CheckResult.Ok, "nothing is set aside");
        var more = all > named.Count ? $"; and {Formats.Number(all - named.Count)} more in agents.set_aside" : "";
        return new("duties", CheckResult.Warn, $"set aside: {string.Join("; ", named)}{more}. The server's log has the stack of each");
    }
}
