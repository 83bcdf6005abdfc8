using System.Diagnostics;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Agents.Projections;
using JasperFx;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Agents.Host.Audit;

/// <summary>What a rebuild has found in one read model.</summary>
/// <param name="Rows">Of runs that did not move on meanwhile.</param>
/// <param name="Facts">SHA-256 of the rows as the facts make them.</param>
/// <param name="Stored">SHA-256 of the rows that were there.</param>
/// <param name="Differing">Runs whose rows differ, and those of which there are rows but no facts.</param>
public sealed record RebuiltTable(string Name, long Rows, string Facts, string Stored, int Differing);

/// <param name="Swapped">Runs whose rows were replaced by what the facts make. 0 when nothing was to be changed.</param>
/// <param name="LongestLock">The longest that a run was locked.</param>
public sealed record RebuildReport(
    long Runs, long Facts, TimeSpan Took, IReadOnlyList<RebuiltTable> Tables, int Swapped, TimeSpan LongestLock)
{
    public bool AreSame => Tables.All(table => table.Differing == 0);
}

/// <summary>
/// Makes the read models anew from the facts, beside those there are, compares them, and replaces what differs, run by run: only that run is locked,
/// and
/// for as long as it takes to read its facts and to write its rows. Readers always find whole tables.
/// </summary>
/// <remarks>The queue, budgets and holds of forks are no read models: they are what the server works with, and hold more than facts.</remarks>
public static class Rebuild
{
    /// <summary>Runs that are made anew at a time.</summary>
    const int Batch = 200;

    const string Beside = "agents_rebuilt";

    /// <summary>Rebuilds go one after the other; ASCII "agntrbld".</summary>
    const long Lock = 0x61676e7472626c64;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>The name by which people know it, where it is, where it is made anew, and what its rows are ordered by.</summary>
    static readonly (string Name, string Table, string Made, string Key)[] Tables =
    [
        (RunSummaries.Name, RunSummaries.Table, $"{Beside}.run_summary", "''"),
        (Timeline.Name, Timeline.Table, $"{Beside}.timeline", "version"),
        ("cost_ledger", CostLedger.Table, $"{Beside}.model_call", "version"),
        (Checkpoints.Name, "agents.mt_doc_run", $"{Beside}.checkpoint", "''"),
    ];

    /// <param name="isVerifyOnly">Nothing is replaced.</param>
    /// <param name="progress">Told of the facts that were read so far.</param>
    /// <returns>Null when the database has none of the tables yet.</returns>
    public static async Task<RebuildReport?> Run(
        string connectionString, bool isVerifyOnly, Action<long, long>? progress, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false, CommandTimeout = (int)Patience.TotalSeconds, ApplicationName = "agents rebuild",
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(ct);
        if (await connection.First<string>("select to_regclass('agents.mt_events')::text", null, ct) is null) return null;

        await connection.Execute("select pg_advisory_lock(@lock)", new { Lock }, ct);
        await MakeBeside(connection, ct);
        using var store = DocumentStore.For(options =>
        {
            options.AddRunStore();
            options.Connection(connectionString);
            options.AutoCreateSchemaObjects = AutoCreate.None;
        });
        try
        {
            var clock = Stopwatch.StartNew();
            var (runs, facts) = await Make(connection, store, progress, ct);
            var took = clock.Elapsed;
            var (tables, differing) = await Compare(connection, ct);
            var longest = TimeSpan.Zero;
            if (!isVerifyOnly)
                foreach (var run in differing)
                    if (await Swap(store, run, ct) is var locked && locked > longest) longest = locked;
            return new(runs, facts, took, tables, isVerifyOnly ? 0 : differing.Count, longest);
        }
        finally
        {
            await connection.Execute($"drop schema if exists {Beside} cascade", null, CancellationToken.None);
        }
    }

    static Task MakeBeside(NpgsqlConnection connection, CancellationToken ct) => connection.Execute(
        $"""
        drop schema if exists {Beside} cascade;
        create schema {Beside};
        create unlogged table {Beside}.run_summary (
          like {RunSummaries.Table} including defaults including generated, primary key (tenant_id, run_id));
        create unlogged table {Beside}.timeline (
          like {Timeline.Table} including defaults including generated, primary key (tenant_id, run_id, version));
        create unlogged table {Beside}.model_call (
          like {CostLedger.Table} including defaults including generated, primary key (tenant_id, run_id, version));
        create unlogged table {Beside}.checkpoint (tenant_id text, run_id uuid, data jsonb, primary key (tenant_id, run_id));
        create unlogged table {Beside}.run (tenant_id text, run_id uuid, version bigint, primary key (tenant_id, run_id));
        """, null, ct);

    /// <summary>All runs, in the order in which they began: what a fork or a child takes from another run is there before it.</summary>
    static async Task<(long Runs, long Facts)> Make(
        NpgsqlConnection connection, DocumentStore store, Action<long, long>? progress, CancellationToken ct)
    {
        var all = await connection.First<long>("select count(*) from agents.mt_events where tenant_id <> 'mt_tombstone'", null, ct);
        var (runs, facts, last) = (0L, 0L, 0L);
        while (true)
        {
            var begun = await connection.Query<BegunRun>(
                """
                select tenant_id, stream_id as run_id, seq_id from agents.mt_events
                where type = 'run_queued' and version = 1 and seq_id > @last
                order by seq_id limit @batch
                """, new { last, Batch }, ct);
            if (begun.Count == 0) return (runs, facts);

            // In order within a tenant; a run takes nothing from runs of other tenants.
            foreach (var tenant in begun.GroupBy(run => run.TenantId))
                facts += await Make(store, tenant.Key, [.. tenant.Select(run => run.RunId)], ct);
            (runs, last) = (runs + begun.Count, begun[^1].SeqId);
            progress?.Invoke(facts, all);
        }
    }

    static readonly RunSummaries SummariesBeside = new($"{Beside}.run_summary");
    static readonly Timeline TimelineBeside = new($"{Beside}.timeline");
    static readonly CostLedger LedgerBeside = new($"{Beside}.model_call", $"{Beside}.run_summary");

    /// <summary>How many facts they have.</summary>
    static async Task<long> Make(DocumentStore store, string tenant, Guid[] runs, CancellationToken ct)
    {
        await using var session = store.LightweightSession(tenant);
        var facts = new List<IEvent>();
        foreach (var run in runs) facts.AddRange(await session.Events.FetchStreamAsync(run, token: ct));

        await SummariesBeside.ApplyAsync(session, facts, ct);
        await TimelineBeside.ApplyAsync(session, facts, ct);
        foreach (var fact in facts) await LedgerBeside.ApplyAsync(session, fact, ct);
        var folded = facts.GroupBy(fact => fact.StreamId).Select(own => (
            own.Key, Json: store.Options.Serializer().ToJson(Folded(own)), Version: own.Last().Version)).ToList();
        session.QueueSqlCommand(
            $"insert into {Beside}.checkpoint select ?, * from unnest(?::uuid[], ?::jsonb[])", tenant, folded.Select(run => run.Key).ToArray(),
            folded.Select(run => run.Json).ToArray());
        session.QueueSqlCommand(
            $"insert into {Beside}.run select ?, * from unnest(?::uuid[], ?::bigint[])", tenant, folded.Select(run => run.Key).ToArray(),
            folded.Select(run => run.Version).ToArray());
        await session.SaveChangesAsync(ct);
        return facts.Count;
    }

    static Run Folded(IGrouping<Guid, IEvent> facts) =>
        facts.Aggregate(Domain.Runs.Run.Before(facts.Key), (run, fact) => Domain.Runs.Run.Evolve(run, (RunEvent)fact.Data));

    /// <summary>Both tables as they stood at one moment, without the runs that have moved on since they were made anew.</summary>
    static async Task<(IReadOnlyList<RebuiltTable> Tables, IReadOnlyList<RunOfTenant> Differing)> Compare(
        NpgsqlConnection connection, CancellationToken ct)
    {
        await connection.Execute(
            $"analyze {Beside}.run, {Beside}.run_summary, {Beside}.timeline, {Beside}.model_call, {Beside}.checkpoint", null, ct);
        await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        await connection.Execute($"create table {Beside}.differing (tenant_id text, run_id uuid)", null, ct);
        var tables = new List<RebuiltTable>();
        foreach (var (name, table, made, key) in Tables)
        {
            var stored = name == Checkpoints.Name
                ? $"(select tenant_id, id as run_id, data from {table})"
                : $"(select * from {table})";
            var sums = await connection.First<Sums>(
                $"""
                with still as (
                  select b.tenant_id, b.run_id from {Beside}.run b
                  join agents.mt_streams s on s.tenant_id = b.tenant_id and s.id = b.run_id and s.version = b.version),
                made as (
                  select tenant_id, run_id, count(*) as rows, sha256(convert_to(string_agg(t::text, E'\n' order by {key}), 'UTF8')) as hash
                  from {made} t join still using (tenant_id, run_id) group by 1, 2),
                stored as (
                  select tenant_id, run_id, sha256(convert_to(string_agg(t::text, E'\n' order by {key}), 'UTF8')) as hash
                  from {stored} t join still using (tenant_id, run_id) group by 1, 2),
                found as (
                  insert into {Beside}.differing
                  select tenant_id, run_id from made full join stored using (tenant_id, run_id) where made.hash is distinct from stored.hash
                  returning 1),
                strange as ( -- rows of runs that have no facts
                  insert into {Beside}.differing
                  select distinct t.tenant_id, t.run_id from {stored} t
                  where not exists (select from agents.mt_streams s where s.tenant_id = t.tenant_id and s.id = t.run_id)
                  returning 1)
                select
                  (select coalesce(sum(rows), 0)::bigint from made) as rows,
                  (select encode(sha256(coalesce(string_agg(hash, ''::bytea order by tenant_id, run_id), ''::bytea)), 'hex') from made) as made,
                  (select encode(sha256(coalesce(string_agg(hash, ''::bytea order by tenant_id, run_id), ''::bytea)), 'hex') from stored) as stored,
                  ((select count(*) from found) + (select count(*) from strange))::integer as differing
                """, null, ct);
            tables.Add(new(name, sums!.Rows, sums.Made, sums.Stored, sums.Differing));
        }

        var differing = await connection.Query<RunOfTenant>($"select distinct tenant_id, run_id from {Beside}.differing order by run_id", null, ct);
        await moment.CommitAsync(ct);
        return (tables, differing);
    }

    /// <summary>Replaces the rows of one run, which waits meanwhile. How long that took.</summary>
    static async Task<TimeSpan> Swap(DocumentStore store, RunOfTenant run, CancellationToken ct)
    {
        await using var session = store.LightweightSession(run.TenantId);
        await session.BeginTransactionAsync(ct);
        var clock = Stopwatch.StartNew();
        await session.Execute(
            "select version from agents.mt_streams where tenant_id = @tenant_id and id = @run_id for update", new { run.TenantId, run.RunId }, ct);
        var facts = await session.Events.FetchStreamAsync(run.RunId, token: ct);
        await session.Execute("select set_config('agents.rebuild', pg_current_xact_id()::text, true)", null, ct);
        foreach (var (_, table, _, _) in Tables)
            session.QueueSqlCommand(
                $"delete from {table} where tenant_id = ? and {(table == "agents.mt_doc_run" ? "id" : "run_id")} = ?", run.TenantId, run.RunId);

        await new RunSummaries().ApplyAsync(session, facts, ct);
        await new Timeline().ApplyAsync(session, facts, ct);
        var ledger = new CostLedger();
        foreach (var fact in facts) await ledger.ApplyAsync(session, fact, ct);
        await new Checkpoints().ApplyAsync(session, facts, ct);
        await session.SaveChangesAsync(ct);
        return clock.Elapsed;
    }

    sealed record BegunRun(string TenantId, Guid RunId, long SeqId);

    sealed record RunOfTenant(string TenantId, Guid RunId);

    sealed record Sums(long Rows, string Made, string Stored, int Differing);
}
