using Npgsql;

namespace Agents.Host.Log;

/// <summary>A fact among those of all runs of all tenants.</summary>
/// <param name="Number">Its place in the whole log.</param>
/// <param name="Agent">Of its run.</param>
/// <param name="Status">Of its run when the fact was read.</param>
public sealed record NumberedFact(long Number, string Tenant, Guid RunId, string Agent, string Status, EventView Stored);

/// <summary>What one read of the newest facts found.</summary>
/// <param name="Oldest">Every transaction with a lower id had ended when the facts were read.</param>
/// <param name="Next">The transaction id that was given out next.</param>
public sealed record NewestFacts(IReadOnlyList<NumberedFact> Facts, long Oldest, long Next);

/// <summary>Reads facts of all runs by their place in the whole log.</summary>
public sealed class NumberedFacts(FactLog facts, NpgsqlDataSource database)
{
    const string Select =
        $"""
        select {FactLog.Columns}, e.seq_id, e.tenant_id, e.stream_id, s.agent, s.status from agents.mt_events e
        join agents.run_summary s on s.tenant_id = e.tenant_id and s.run_id = e.stream_id
        """;

    /// <summary>The highest number that was given out, whether or not its fact can be seen yet.</summary>
    public async Task<long> LastNumber(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select last_value from agents.mt_events_sequence");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The numbers of the facts after a number that can be seen now.</summary>
    public async Task<IReadOnlyList<long>> NumbersAfter(long number, CancellationToken ct)
    {
        await using var command = database.CreateCommand("select seq_id from agents.mt_events where seq_id > $1");
        command.Parameters.Add(new() { Value = number });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var numbers = new List<long>();
        while (await rows.ReadAsync(ct)) numbers.Add(rows.GetInt64(0));
        return numbers;
    }

    /// <summary>The facts of a tenant after a number, at most so many.</summary>
    public async Task<IReadOnlyList<NumberedFact>> After(string tenant, long number, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand($"{Select} where e.tenant_id = $1 and e.seq_id > $2 order by e.seq_id limit $3");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = number });
        command.Parameters.Add(new() { Value = limit });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new List<NumberedFact>();
        while (await rows.ReadAsync(ct)) found.Add(FactOf(rows));
        return found;
    }

    /// <summary>
    /// The facts of all tenants after a number but for those that are known, at most so many, with the state of transactions at that moment.
    /// </summary>
    public async Task<NewestFacts> Newest(long after, long[] known, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            with now as (select pg_snapshot_xmin(s)::text::bigint as oldest, pg_snapshot_xmax(s)::text::bigint as next from pg_current_snapshot() s)
            select e.*, now.oldest, now.next from now left join (
              {Select} where e.seq_id > $1 and e.seq_id <> all($2) order by e.seq_id limit $3) e on true
            order by e.seq_id
            """);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = known });
        command.Parameters.Add(new() { Value = limit });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var (found, oldest, next) = (new List<NumberedFact>(), 0L, 0L);
        while (await rows.ReadAsync(ct))
        {
            (oldest, next) = (rows.GetInt64(9), rows.GetInt64(10));
            if (!rows.IsDBNull(0)) found.Add(FactOf(rows));
        }

        return new(found, oldest, next);
    }

    NumberedFact FactOf(NpgsqlDataReader row) =>
        new(row.GetInt64(4), row.GetString(5), row.GetGuid(6), row.GetString(7), row.GetString(8), facts.FactOf(row).Stored);
}
