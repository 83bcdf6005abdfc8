using Agents.Domain.Costs;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>One row in <c>finance.model_call</c> for each outcome of a model call attempt. Insert only, so runs never wait for each other.</summary>
/// <remarks>
/// What the outcome does not say itself is read from the run's summary and its earlier facts, so that a rebuild writes the same rows. So summaries
/// are written, and rebuilt, before it.
/// </remarks>
public sealed partial class CostLedger : EventProjection
{
    public const string Table = "finance.model_call";

    readonly string insert;

    static string Insert(string table, string summaries) =>
        $"""
        insert into {table} (
          tenant_id, run_id, version, at, day, agent, root_run_id, step, step_name, call, attempt, status,
          model, provider, service_tier, response_id,
          {UsageColumns.All},
          cost_usd, price_version, input_price_usd, cached_input_price_usd, cache_write_5_minutes_price_usd, cache_write_1_hour_price_usd,
          output_price_usd, reasoning_price_usd, audio_input_price_usd, audio_output_price_usd, request_fee_usd, web_search_fee_usd,
          low_usd, high_usd, cause, latency_ms, first_token_ms)
        select
          o.tenant_id, o.run_id, o.version, ?, ?, r.agent, coalesce(r.root_run_id, o.run_id), asked.step, began.name, o.call, ?, ?,
          coalesce(?::text, asked.model), coalesce(?::text, claimed.provider), ?::text, ?::text,
          {UsageColumns.Placeholders},
          ?::numeric, ?::text, ?::numeric, ?::numeric, ?::numeric, ?::numeric,
          ?::numeric, ?::numeric, ?::numeric, ?::numeric, ?::numeric, ?::numeric,
          ?::numeric, ?::numeric, ?::text, ?::double precision, ?::double precision
        from (select ?::text as tenant_id, ?::uuid as run_id, ?::bigint as version, ?::integer as call, ?::integer as attempt) o
        left join {summaries} r on r.tenant_id = o.tenant_id and r.run_id = o.run_id
        left join lateral (
          select (data->>'step')::integer as step, data->>'model' as model from agents.mt_events
          where tenant_id = o.tenant_id and stream_id = o.run_id and version < o.version
            and type = 'model_call_scheduled' and (data->>'call')::integer = o.call and (data->>'attempt')::integer = o.attempt
          order by version desc limit 1) asked on true
        left join lateral (
          select data->>'provider' as provider from agents.mt_events
          where tenant_id = o.tenant_id and stream_id = o.run_id and version < o.version
            and type = 'model_call_started' and (data->>'call')::integer = o.call and (data->>'attempt')::integer = o.attempt
          order by version desc limit 1) claimed on true
        left join lateral (
          select data->>'name' as name from agents.mt_events
          where tenant_id = o.tenant_id and stream_id = o.run_id and version < o.version
            and type in ('step_started', 'state_inherited') and (data->>'step')::integer = asked.step
          order by version desc limit 1) began on true
        on conflict do nothing
        """;

    /// <param name="table">The table it writes; another one than usual while read models are rebuilt beside those there are.</param>
    /// <param name="summaries">The table of summaries that it reads.</param>
    public CostLedger(string table = Table, string summaries = RunSummaries.Table)
    {
        insert = Insert(table, summaries);
        Name = "cost_ledger";
        Options.DeleteDataInTableOnTeardown(table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        if (RowOf((RunEvent)happened.Data) is { } row)
            operations.QueueSqlCommand(insert, [.. ValuesOf(row, happened).Select(ReadModels.Nullable)]);

        return ValueTask.CompletedTask;
    }

    static object?[] ValuesOf(Row row, IEvent happened)
    {
        var unit = row.Cost?.Unit;
        return
        [
            happened.Timestamp, DateOnly.FromDateTime(happened.Timestamp.UtcDateTime), row.Attempt, row.Status,
            row.Model, row.Provider, row.ServiceTier, row.ResponseId,
            .. UsageColumns.Values(row.Usage),
            row.CostUsd, row.Cost?.PriceVersion, unit?.Input, unit?.CachedInput, unit?.CacheWrite5Minutes, unit?.CacheWrite1Hour,
            unit?.Output, unit?.Reasoning, unit?.AudioInput, unit?.AudioOutput, unit?.RequestFee, unit?.WebSearchFee,
            row.LowUsd, row.HighUsd, row.Cause, row.Latency?.TotalMilliseconds, row.FirstToken?.TotalMilliseconds,
            happened.TenantId, happened.StreamId, happened.Version, row.Call, row.Attempt,
        ];
    }

    sealed record Row(
        int Call, int Attempt, string Status, string? Model = null, string? Provider = null, string? ServiceTier = null, string? ResponseId = null,
        Usage? Usage = null, Cost? Cost = null, decimal? CostUsd = null, decimal? LowUsd = null, decimal? HighUsd = null, string? Cause = null,
        TimeSpan? Latency = null, TimeSpan? FirstToken = null);

    static Row? RowOf(RunEvent happened) => happened switch
    {
        ModelCallCompleted e => new(
            e.Call, e.Attempt, "completed", e.Reply.Model, e.Provider, e.ServiceTier, e.Reply.ProviderId, e.Usage, e.Cost, e.Cost?.Usd,
            Latency: e.Latency, FirstToken: e.TimeToFirstToken),
        ModelCallFailed e => new(
            e.Call, e.Attempt, "failed", Usage: e.Usage, Cost: e.Cost, CostUsd: e.Cost?.Usd, Cause: e.Failure.Kind.ToString(), Latency: e.Latency),
        ModelCallOutcomeUnknown e => new(e.Call, e.Attempt, "unknown", LowUsd: e.LowUsd, HighUsd: e.HighUsd, Cause: e.Cause.ToString()),
        SpendResolved e => new(e.Call, e.Attempt, "resolved", CostUsd: e.ActualUsd, Cause: e.Source.ToString()),
        _ => null,
    };
}
