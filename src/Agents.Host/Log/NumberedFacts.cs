using Agents.Host.Platform;
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
    public Task<long> LastNumber(CancellationToken ct) => database.First<long>("select last_value from agents.mt_events_sequence", null, ct);

    /// <summary>The numbers of the facts after a number that can be seen now.</summary>
    public async Task<IReadOnlyList<long>> NumbersAfter(long number, CancellationToken ct) =>
        await database.Query<long>("select seq_id from agents.mt_events where seq_id > @number", new { number }, ct);

    /// <summary>The facts of a tenant after a number, at most so many.</summary>
    public async Task<IReadOnlyList<NumberedFact>> After(string tenant, long number, int limit, CancellationToken ct) =>
        (await database.Query<FactRow>(
            $"""
            {Select}
            where e.tenant_id = @tenant and e.seq_id > @number
            order by e.seq_id limit @limit
            """, new { tenant, number, limit }, ct)).ConvertAll(FactOf);

    /// <summary>
    /// The facts of all tenants after a number but for those that are known, at most so many, with the state of transactions at that moment.
    /// </summary>
    public async Task<NewestFacts> Newest(long after, long[] known, int limit, CancellationToken ct)
    {
        var rows = await database.Query<NewestRow>(
            $"""
            with now as (select pg_snapshot_xmin(s)::text::bigint as oldest, pg_snapshot_xmax(s)::text::bigint as next from pg_current_snapshot() s)
            select e.*, now.oldest, now.next from now left join (
              {Select}
              where e.seq_id > @after and e.seq_id <> all(@known)
              order by e.seq_id limit @limit) e on true
            order by e.seq_id
            """, new { after, known, limit }, ct);
        return new([.. rows.Select(row => row.Fact()).OfType<FactRow>().Select(FactOf)], rows[0].Oldest, rows[0].Next);
    }

    NumberedFact FactOf(FactRow row) => new(
        row.SeqId, row.TenantId, row.StreamId, row.Agent, row.Status, facts.FactOf(new(row.Version, row.Type, row.Timestamp, row.Data)).Stored);

    sealed record FactRow(
        long Version, string Type, DateTimeOffset Timestamp, byte[] Data, long SeqId, string TenantId, Guid StreamId, string Agent, string Status);

    /// <summary>The state of transactions, and a fact; the only row has none when there is none.</summary>
    sealed record NewestRow(
        long Oldest, long Next, long? Version, string? Type, DateTimeOffset? Timestamp, byte[]? Data, long? SeqId, string? TenantId, Guid? StreamId,
        string? Agent, string? Status)
    {
        public FactRow? Fact() => Version is { } version
            ? new(version, Type!, Timestamp!.Value, Data!, SeqId!.Value, TenantId!, StreamId!.Value, Agent!, Status!)
            : null;
    }
}
