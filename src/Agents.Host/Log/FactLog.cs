using Agents.Domain.Runs;
using Agents.Projections;
using Marten;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>Reads facts from the log, of one run or of many at once.</summary>
public sealed class FactLog(NpgsqlDataSource database, IDocumentStore store)
{
    internal const string Columns = "e.version, e.type, e.timestamp, e.data";

    static readonly Dictionary<string, Type> Types = EventNames.All.ToDictionary(name => name.Value, name => name.Key);

    readonly ISerializer json = store.Options.Serializer();

    /// <summary>The facts after a version, at most so many.</summary>
    public async Task<IReadOnlyList<StreamedItem.Fact>> After(string tenant, Guid runId, long after, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"select {Columns} from agents.mt_events e where e.tenant_id = $1 and e.stream_id = $2 and e.version > $3 order by e.version limit $4");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        return await Facts(command, ct);
    }

    /// <summary>The last facts, at most so many, in order; empty when the tenant has no such run.</summary>
    public async Task<IReadOnlyList<StreamedItem.Fact>> Latest(string tenant, Guid runId, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            select {Columns} from (
              select * from agents.mt_events where tenant_id = $1 and stream_id = $2 order by version desc limit $3) e
            order by e.version
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        command.Parameters.Add(new() { Value = limit });
        return await Facts(command, ct);
    }

    /// <summary>The facts of several runs, each after a version and at most so many, in one query.</summary>
    public async Task<IReadOnlyDictionary<Guid, List<StreamedItem.Fact>>> After(
        IReadOnlyList<(string Tenant, Guid RunId, long After)> runs, int limit, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            select {Columns}, r.run_id from unnest($1, $2, $3) r(tenant_id, run_id, after), lateral (
              select * from agents.mt_events where tenant_id = r.tenant_id and stream_id = r.run_id and version > r.after order by version limit $4) e
            order by r.run_id, e.version
            """);
        command.Parameters.Add(new() { Value = runs.Select(run => run.Tenant).ToArray() });
        command.Parameters.Add(new() { Value = runs.Select(run => run.RunId).ToArray() });
        command.Parameters.Add(new() { Value = runs.Select(run => run.After).ToArray() });
        command.Parameters.Add(new() { Value = limit });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new Dictionary<Guid, List<StreamedItem.Fact>>();
        while (await rows.ReadAsync(ct))
        {
            var runId = rows.GetGuid(4);
            if (!found.TryGetValue(runId, out var facts)) found[runId] = facts = [];
            facts.Add(FactOf(rows));
        }

        return found;
    }

    async Task<IReadOnlyList<StreamedItem.Fact>> Facts(NpgsqlCommand command, CancellationToken ct)
    {
        await using var rows = await command.ExecuteReaderAsync(ct);
        var facts = new List<StreamedItem.Fact>();
        while (await rows.ReadAsync(ct)) facts.Add(FactOf(rows));
        return facts;
    }

    /// <summary>The row's first columns are <see cref="Columns"/>.</summary>
    internal StreamedItem.Fact FactOf(NpgsqlDataReader row)
    {
        var name = row.GetString(1);
        var happened = (RunEvent)json.FromJson(Types[name], row, 3);
        return new(EventView.Of(row.GetInt64(0), name, row.GetFieldValue<DateTimeOffset>(2), happened), happened);
    }
}
