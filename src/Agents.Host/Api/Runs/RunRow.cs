using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Projections;

namespace Agents.Host.Api.Runs;

/// <summary>A run as its read models have it.</summary>
sealed record RunRow(
    Guid RunId, string Agent, int AgentVersion, string Status, int Priority, string Question, string Model, int Step, string? StepName,
    string? Answer, JsonElement? Citations, string? FailureKind, string? FailureMessage, string? Reason, int ModelCalls, Usage Usage,
    decimal CostUsd, int UnpricedCalls, int UnconfirmedCalls, decimal? LowUsd, decimal? HighUsd, decimal? BudgetUsd, JsonElement? Metadata,
    DateTimeOffset QueuedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? ThreadId, Guid? Previous,
    DateTimeOffset? NotBefore, DateTimeOffset? DeadlineAt, Guid? BatchId, Guid? ScheduleId, Guid? Parent,
    Guid? ForkedFrom, long? ForkedAt, decimal? InheritedUsd, string? Incomplete,
    DateTimeOffset? WaitSince, DateTimeOffset? WaitUntil, string? WaitSignal, JsonElement? Output)
{
    public static readonly string Columns =
        $"""
        r.run_id, r.agent, r.agent_version, r.status, r.priority, r.question, r.model, r.step, r.step_name, r.answer, r.citations,
        r.failure_kind, r.failure_message, r.reason, r.model_calls, {UsageColumns.Of("r")},
        r.cost_usd, r.unpriced_calls, u.unconfirmed_calls, u.low_usd, u.high_usd, r.budget_usd, r.metadata, r.queued_at, r.started_at, r.finished_at,
        r.thread_id, r.previous, r.not_before, r.deadline_at, r.batch_id, r.schedule_id, r.parent, r.forked_from, r.forked_at, r.inherited_usd,
        r.incomplete, r.wait_since, r.wait_until, r.wait_signal, r.output
        """;

    public const string From =
        """
        from agents.run_summary r left join lateral (
          select count(*) as unconfirmed_calls, sum(low_usd) as low_usd,
            case when bool_or(high_usd is null) then null else sum(high_usd) end as high_usd
          from finance.unconfirmed f where f.tenant_id = r.tenant_id and f.run_id = r.run_id) u on true
        """;

    public RunView View() => new(
        RunId, Agent, AgentVersion, Status, Priority, Question, Model, Step, StepName, Answer, Citations,
        FailureKind is null ? null : new(FailureKind, FailureMessage!), Reason, ModelCalls, Usage,
        CostUsd, UnpricedCalls, UnconfirmedCalls > 0 ? new(UnconfirmedCalls, LowUsd!.Value, HighUsd) : null,
        BudgetUsd, Metadata, QueuedAt, StartedAt, FinishedAt, (FinishedAt - QueuedAt)?.TotalSeconds, ThreadId, Previous,
        NotBefore, DeadlineAt, BatchId, ScheduleId, Parent, ForkedFrom is { } origin ? new(origin, ForkedAt!.Value) : null, InheritedUsd, Incomplete,
        WaitSince is { } since ? new(WaitSignal, WaitUntil, since) : null, Output);
}
