using Agents.Domain.Costs;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>One row for each run in <c>agents.run_summary</c>: what lists and run pages show.</summary>
public sealed partial class RunSummaries : EventProjection
{
    const string Table = "agents.run_summary";

    public RunSummaries()
    {
        Name = "run_summaries";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        var rows = new Rows(operations, happened);
        switch (happened.Data)
        {
            case RunQueued e: rows.Insert(e); break;
            case StateInherited e:
                rows.Set(
                    "step = ?, step_name = ?, model_calls = ?, inherited_usd = ?",
                    e.Step, ReadModels.Nullable(e.Step < 0 ? null : e.Name), e.ModelCalls, e.InheritedUsd);
                break;
            case RunStarted: rows.Set("status = 'running', started_at = coalesce(started_at, ?)", happened.Timestamp); break;
            case RunPaused e: rows.Set("status = 'paused', reason = ?", e.Reason); break;
            case RunResumed e: rows.Set("status = 'running', reason = ?, failure_kind = null, failure_message = null", e.Reason); break;
            case RunParked e:
                rows.Set("status = 'parked', failure_kind = ?, failure_message = ?", e.Failure.Kind.ToString(), e.Failure.Message);
                break;
            case RunBudgetChanged e: rows.Set("budget_usd = ?", e.BudgetUsd); break;
            case StepStarted e: rows.Set("step = ?, step_name = ?", e.Step, e.Name); break;
            case ModelCallScheduled { Attempt: 1 } e: rows.Set("model_calls = ?", e.Call); break;
            case ModelCallCompleted e: rows.Pay(e.Usage, e.Cost, e.Cost is null ? 1 : 0); break;
            case ModelCallFailed { Usage: not null } e: rows.Pay(e.Usage, e.Cost, 0); break;
            case SpendResolved e: rows.Set("cost_usd = cost_usd + ?", e.ActualUsd); break;
            case RunCompleted e: rows.Finish("completed", "answer = ?, citations = ?::json", e.Answer, ReadModels.Json(e.Citations)); break;
            case RunFailed e: rows.Finish("failed", "failure_kind = ?, failure_message = ?", e.Failure.Kind.ToString(), e.Failure.Message); break;
            case RunCancelled e: rows.Finish("cancelled", "reason = ?, failure_kind = null, failure_message = null", e.Reason); break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The row of one run, as statements of the transaction that appends.</summary>
    readonly struct Rows(IDocumentOperations operations, IEvent happened)
    {
        public void Insert(RunQueued e) => operations.QueueSqlCommand(
            $"""
            insert into {Table} (
              tenant_id, run_id, agent, agent_version, definition_hash, status, priority, question, requested_by, metadata, model, budget_usd,
              max_duration, queued_at, idempotency_key, request_hash, parent, thread_id, previous, forked_from, forked_at, not_before, deadline_at,
              batch_id, schedule_id, root_run_id)
            values (
              ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?::json, ?, ?,
              ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
              ?, ?, coalesce((select root_run_id from {Table} where tenant_id = ? and run_id = ?), ?::uuid, ?))
            on conflict (tenant_id, run_id) do nothing
            """,
            happened.TenantId, happened.StreamId, e.Agent, e.AgentVersion, e.DefinitionHash, e.Priority, e.Question, e.RequestedBy,
            ReadModels.Nullable(e.Metadata is null ? null : ReadModels.Json(e.Metadata)), e.Model, ReadModels.Nullable(e.BudgetUsd),
            e.MaxDuration, happened.Timestamp, ReadModels.Nullable(e.IdempotencyKey), ReadModels.Nullable(e.RequestHash),
            ReadModels.Nullable(e.Parent), ReadModels.Nullable(e.ThreadId), ReadModels.Nullable(e.Previous), ReadModels.Nullable(e.ForkedFrom?.Run),
            ReadModels.Nullable(e.ForkedFrom?.Version), ReadModels.Nullable(e.NotBefore), ReadModels.Nullable(e.Deadline),
            ReadModels.Nullable(e.Batch), ReadModels.Nullable(e.Schedule?.Schedule),
            happened.TenantId, ReadModels.Nullable(OriginOf(e)), ReadModels.Nullable(OriginOf(e)), happened.StreamId);

        static Guid? OriginOf(RunQueued e) => e.Parent ?? e.ForkedFrom?.Run;

        public void Set(string changes, params object[] values) => operations.QueueSqlCommand(
            $"update {Table} set {changes} where tenant_id = ? and run_id = ?", [.. values, happened.TenantId, happened.StreamId]);

        public void Finish(string status, string changes, params object[] values) =>
            Set($"status = '{status}', finished_at = ?, {changes}", [happened.Timestamp, .. values]);

        public void Pay(Usage? usage, Cost? cost, int unpriced)
        {
            Set($"{UsageColumns.Additions}, cost_usd = cost_usd + ?, unpriced_calls = unpriced_calls + ?",
                [.. UsageColumns.Values(usage ?? Usage.None).Select(ReadModels.Nullable), cost?.Usd ?? 0m, unpriced]);
        }
    }
}
