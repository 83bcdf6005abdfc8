using System.Runtime.CompilerServices;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>Reads run after run from a snapshot, a batch in memory at a time.</summary>
/// <param name="hasBudgets">Whether reservations are to be read, too.</param>
/// <param name="isFactsOnly">Whether nothing is to be read that was made from the facts.</param>
sealed class StoredRuns(Snapshot snapshot, ISerializer json, bool hasBudgets = false, bool isFactsOnly = false)
{
    const int Batch = 100;

    /// <summary>Marten's own stream, which fills numbers of appends that failed, stays at version 0.</summary>
    const string NextBatch =
        """
        select s.tenant_id as tenant, s.id, s.version as head from agents.mt_streams s
        where s.version > 0 and (@tenant is null or s.tenant_id = @tenant) and (s.tenant_id, s.id) > (@last_tenant, @last_id)
          and (@since is null or exists (
            select from agents.mt_events f where f.tenant_id = s.tenant_id and f.stream_id = s.id and f.version = 1 and f.timestamp >= @since))
        order by s.tenant_id, s.id limit @batch
        """;

    /// <param name="tenant">Null for all.</param>
    /// <param name="since">Only runs that were queued then or later. Null for all.</param>
    public async IAsyncEnumerable<StoredRun> All(string? tenant, [EnumeratorCancellation] CancellationToken ct, DateTimeOffset? since = null)
    {
        var last = (Tenant: "", Id: Guid.Empty);
        while (true)
        {
            var runs = new Dictionary<(string Tenant, Guid Id), StoredRun>();
            var wanted = new { tenant, since, lastTenant = last.Tenant, lastId = last.Id, Batch };
            await foreach (var run in snapshot.Rows<StoredRun>(NextBatch, wanted, ct))
                runs.Add(last = (run.Tenant, run.Id), run);
            if (runs.Count == 0) yield break;

            await Fill(runs, ct);
            foreach (var run in runs.Values) yield return run;
        }
    }

    async Task Fill(IReadOnlyDictionary<(string, Guid), StoredRun> runs, CancellationToken ct)
    {
        await Each<FactRow>(
            "version, type, timestamp, data from agents.mt_events", "stream_id", "order by version", (run, row) => run.Add(StoredFact.Of(row.Version, row.Type, row.Timestamp, row.Data, json)));
        if (isFactsOnly) return;

        await Each<CheckpointRow>("data::text as data from agents.mt_doc_run", "id", "", (run, row) => run.Checkpoint = row.Data);
        await Each<QueueRow>("state from agents.run_queue", "run_id", "", (run, row) => run.QueueState = row.State);
        await Each<TimelineRow>("version, type from agents.timeline", "run_id", "order by version", (run, row) =>
            run.Timeline.Add((row.Version, row.Type)));
        await Each<SummaryOfRun>(
            $"status, step, model_calls, {UsageColumns.All}, cost_usd, unpriced_calls from agents.run_summary", "run_id", "",
            (run, row) => run.Summary = row.Summary());
        if (hasBudgets)
            await Each<ReservationOfRun>(
                "call, attempt, scope || ' ' || value || ' ' || period as budget, state, upper_usd, charged_usd from finance.reservation", "run_id",
                "order by call, attempt, scope, value, period",
                (run, row) => run.Reservations.Add(new(row.Call, row.Attempt, row.Budget, row.State, row.UpperUsd, row.ChargedUsd)));
        await Each<MoneyOfRun>(
            $"version, day, call, attempt, status, model, {UsageColumns.All}, cost_usd, low_usd, high_usd from finance.model_call",
            "run_id", "order by version",
            (run, row) => run.Money.Add(
                new(row.Version, row.Day, row.Call, row.Attempt, row.Status, row.Model, row.Usage, row.CostUsd, row.LowUsd, row.HighUsd)));

        async Task Each<T>(string columns, string id, string order, Action<StoredRun, T> read) where T : IRowOfRun
        {
            var rows = snapshot.Rows<T>(
                $"""
                select tenant_id, {id} as run_id, {columns}
                where (tenant_id, {id}) in (select * from unnest(@tenants, @ids))
                {order}
                """, new { tenants = runs.Keys.Select(key => key.Item1).ToArray(), ids = runs.Keys.Select(key => key.Item2).ToArray() }, ct);
            await foreach (var row in rows) read(runs[(row.TenantId, row.RunId)], row);
        }
    }

    interface IRowOfRun
    {
        string TenantId { get; }

        Guid RunId { get; }
    }

    sealed record FactRow(string TenantId, Guid RunId, long Version, string Type, DateTimeOffset Timestamp, byte[] Data) : IRowOfRun;

    sealed record CheckpointRow(string TenantId, Guid RunId, string Data) : IRowOfRun;

    sealed record QueueRow(string TenantId, Guid RunId, string State) : IRowOfRun;

    sealed record TimelineRow(string TenantId, Guid RunId, long Version, string Type) : IRowOfRun;

    sealed record ReservationOfRun(
        string TenantId, Guid RunId, int Call, int Attempt, string Budget, string State, decimal UpperUsd, decimal ChargedUsd) : IRowOfRun;

    sealed record MoneyOfRun(
        string TenantId, Guid RunId, long Version, DateOnly Day, int Call, int Attempt, string Status, string? Model, Usage? Usage,
        decimal? CostUsd, decimal? LowUsd, decimal? HighUsd) : IRowOfRun;

    sealed record SummaryOfRun(
        string TenantId, Guid RunId, string Status, int Step, int ModelCalls, Usage Usage, decimal CostUsd, int UnpricedCalls) : IRowOfRun
    {
        public SummaryRow Summary() => new(Status, Step, ModelCalls, Usage, CostUsd, UnpricedCalls);
    }
}
