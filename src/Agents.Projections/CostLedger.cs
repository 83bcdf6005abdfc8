using Agents.Domain.Costs;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>One row in <c>finance.model_call</c> for each outcome of a model call attempt. Insert only, so runs never wait for each other.</summary>
public sealed partial class CostLedger : EventProjection
{
    const string Table = "finance.model_call";

    public CostLedger()
    {
        Name = "cost_ledger";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        if (RowOf((RunEvent)happened.Data) is { } row)
            operations.QueueSqlCommand(
                $"insert into {Table} (tenant_id, run_id, version, at, day, agent, call, attempt, status, model, response_id, input_tokens, "
                + "cached_input_tokens, cache_write_5_minutes_tokens, cache_write_1_hour_tokens, output_tokens, reasoning_tokens, cost_usd, "
                + "price_version, low_usd, high_usd, cause, latency_ms) values (?, ?, ?, ?, ?, "
                + "(select agent from agents.run_summary where tenant_id = ? and run_id = ?), "
                + "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                happened.TenantId, happened.StreamId, happened.Version, happened.Timestamp, DateOnly.FromDateTime(happened.Timestamp.UtcDateTime),
                happened.TenantId, happened.StreamId,
                row.Call, row.Attempt, row.Status, ReadModels.Nullable(row.Model), ReadModels.Nullable(row.ResponseId),
                ReadModels.Nullable(row.Usage?.InputTokens), ReadModels.Nullable(row.Usage?.CachedInputTokens),
                ReadModels.Nullable(row.Usage?.CacheWrite5MinutesTokens), ReadModels.Nullable(row.Usage?.CacheWrite1HourTokens),
                ReadModels.Nullable(row.Usage?.OutputTokens), ReadModels.Nullable(row.Usage?.ReasoningTokens),
                ReadModels.Nullable(row.CostUsd), ReadModels.Nullable(row.PriceVersion), ReadModels.Nullable(row.LowUsd), ReadModels.Nullable(row.HighUsd),
                ReadModels.Nullable(row.Cause), ReadModels.Nullable(row.Latency?.TotalMilliseconds));

        return ValueTask.CompletedTask;
    }

    sealed record Row(
        int Call, int Attempt, string Status, string? Model = null, string? ResponseId = null, Usage? Usage = null, decimal? CostUsd = null,
        string? PriceVersion = null, decimal? LowUsd = null, decimal? HighUsd = null, string? Cause = null, TimeSpan? Latency = null);

    static Row? RowOf(RunEvent happened) => happened switch
    {
        ModelCallCompleted e => new(
            e.Call, e.Attempt, "completed", e.Reply.Model, e.Reply.ProviderId, e.Usage, e.Cost?.Usd, e.Cost?.PriceVersion, Latency: e.Latency),
        ModelCallFailed e => new(
            e.Call, e.Attempt, "failed", Usage: e.Usage, CostUsd: e.Cost?.Usd, PriceVersion: e.Cost?.PriceVersion,
            Cause: e.Failure.Kind.ToString(), Latency: e.Latency),
        ModelCallOutcomeUnknown e => new(e.Call, e.Attempt, "unknown", LowUsd: e.LowUsd, HighUsd: e.HighUsd, Cause: e.Cause.ToString()),
        SpendResolved e => new(e.Call, e.Attempt, "resolved", CostUsd: e.ActualUsd, Cause: e.Source.ToString()),
        _ => null,
    };
}
