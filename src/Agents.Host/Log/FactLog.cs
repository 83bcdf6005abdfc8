using Agents.Domain.Runs;
using Agents.Host.Platform;
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
    public async Task<IReadOnlyList<StreamedItem.Fact>> After(string tenant, Guid runId, long after, int limit, CancellationToken ct) =>
        (await database.Query<FactRow>(
            $"""
            select {Columns} from agents.mt_events e
            where e.tenant_id = @tenant and e.stream_id = @run_id and e.version > @after
            order by e.version limit @limit
            """, new { tenant, runId, after, limit }, ct)).ConvertAll(FactOf);

    /// <summary>The last facts, at most so many, in order; empty when the tenant has no such run.</summary>
    public async Task<IReadOnlyList<StreamedItem.Fact>> Latest(string tenant, Guid runId, int limit, CancellationToken ct) =>
        (await database.Query<FactRow>(
            $"""
            select {Columns} from (
              select * from agents.mt_events
              where tenant_id = @tenant and stream_id = @run_id
              order by version desc limit @limit) e
            order by e.version
            """, new { tenant, runId, limit }, ct)).ConvertAll(FactOf);

    /// <summary>The facts of several runs, each after a version and at most so many, in one query.</summary>
    public async Task<IReadOnlyDictionary<Guid, List<StreamedItem.Fact>>> After(
        IReadOnlyList<(string Tenant, Guid RunId, long After)> runs, int limit, CancellationToken ct)
    {
        var found = new Dictionary<Guid, List<StreamedItem.Fact>>();
        var rows = database.Stream<RunFactRow>(
            $"""
            select r.run_id, {Columns} from unnest(@tenants, @run_ids, @afters) r(tenant_id, run_id, after), lateral (
              select * from agents.mt_events
              where tenant_id = r.tenant_id and stream_id = r.run_id and version > r.after
              order by version limit @limit) e
            order by r.run_id, e.version
            """,
            new
            {
                tenants = runs.Select(run => run.Tenant).ToArray(),
                runIds = runs.Select(run => run.RunId).ToArray(),
                afters = runs.Select(run => run.After).ToArray(),
                limit,
            }, ct);
        await foreach (var (runId, version, type, timestamp, data) in rows)
        {
            if (!found.TryGetValue(runId, out var facts)) found[runId] = facts = [];
            facts.Add(FactOf(new(version, type, timestamp, data)));
        }

        return found;
    }

    internal StreamedItem.Fact FactOf(FactRow row)
    {
        var happened = (RunEvent)json.FromJson(Types[row.Type], new MemoryStream(row.Data));
        return new(EventView.Of(row.Version, row.Type, row.Timestamp, happened), happened);
    }

    /// <summary>What <see cref="Columns"/> are.</summary>
    internal readonly record struct FactRow(long Version, string Type, DateTimeOffset Timestamp, byte[] Data);

    readonly record struct RunFactRow(Guid RunId, long Version, string Type, DateTimeOffset Timestamp, byte[] Data);
}
