using Agents.Domain.Costs;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>
/// One row for each run in <c>agents.run_summary</c>: what lists and run pages show. What a commit changes of a row is one statement.
/// </summary>
/// <param name="table">The table it writes; another one than usual while read models are rebuilt beside those there are.</param>
public sealed class RunSummaries(string table = RunSummaries.Table) : IProjection
{
    public const string Name = "run_summaries";

    public const string Table = "agents.run_summary";

    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        foreach (var facts in events.GroupBy(fact => (fact.TenantId, fact.StreamId)))
        {
            var changes = new Changes();
            foreach (var fact in facts)
            {
                if (fact.Data is RunQueued queued) Insert(operations, fact, queued);
                else Apply(changes, (RunEvent)fact.Data, fact.Timestamp);
            }

            changes.Update(operations, table, facts.Key.TenantId, facts.Key.StreamId);
        }

        return Task.CompletedTask;
    }

    static void Apply(Changes row, RunEvent happened, DateTimeOffset at)
    {
        switch (happened)
        {
            case StateInherited e:
                row.Set("step", e.Step);
                row.Set("step_name", e.Step < 0 ? null : e.Name);
                row.Set("model_calls", e.ModelCalls);
                row.Set("inherited_usd", e.InheritedUsd);
                break;
            case RunStarted:
                row.Set("status", "running");
                row.Set("started_at", at, "coalesce(started_at, ?)");
                break;
            case RunPaused e:
                row.Set("status", "paused");
                row.Set("reason", e.Reason);
                break;
            case RunResumed e:
                row.Set("status", "running");
                row.Set("reason", e.Reason);
                Failed(null);
                break;
            case RunParked e:
                row.Set("status", "parked");
                Failed(e.Failure);
                break;
            case RunBudgetChanged e: row.Set("budget_usd", e.BudgetUsd); break;
            case StepStarted e:
                row.Set("step", e.Step);
                row.Set("step_name", e.Name);
                break;
            case WaitStarted e:
                row.Set("waits", e.Wait);
                row.Set("wait_since", at);
                row.Set("wait_until", e.EndsBy(at));
                row.Set("wait_signal", e.Signal);
                break;
            case WaitEnded: WaitsNoMore(); break;
            case ModelCallScheduled { Attempt: 1 } e: row.Set("model_calls", e.Call); break;
            case ModelCallCompleted e: Pay(e.Usage, e.Cost, unpriced: e.Cost is null ? 1 : 0); break;
            case ModelCallFailed { Usage: not null } e: Pay(e.Usage, e.Cost, unpriced: 0); break;
            case SpendResolved e: row.Add("cost_usd", e.ActualUsd); break;
            case RunCompleted e:
                Finish("completed");
                row.Set("answer", e.Answer);
                row.Set("incomplete", e.Incomplete);
                row.Set("citations", ReadModels.Json(e.Citations), "?::json");
                row.Set("output", e.Output, "?::json");
                break;
            case RunFailed e:
                Finish("failed");
                Failed(e.Failure);
                WaitsNoMore();
                break;
            case RunCancelled e:
                Finish("cancelled");
                row.Set("reason", e.Reason);
                Failed(null);
                WaitsNoMore();
                break;
        }

        void Finish(string status)
        {
            row.Set("status", status);
            row.Set("finished_at", at);
        }

        void Failed(Failure? failure)
        {
            row.Set("failure_kind", failure?.Kind.ToString());
            row.Set("failure_message", failure?.Message);
        }

        void WaitsNoMore()
        {
            row.Set("wait_since", null);
            row.Set("wait_until", null);
            row.Set("wait_signal", null);
        }

        void Pay(Usage? usage, Cost? cost, int unpriced)
        {
            foreach (var (column, tokens) in UsageColumns.Counts(usage ?? Usage.None)) row.Add(column, tokens);
            row.Add("cost_usd", cost?.Usd ?? 0m);
            row.Add("unpriced_calls", unpriced);
        }
    }

    void Insert(IDocumentOperations operations, IEvent happened, RunQueued e)
    {
        operations.QueueSqlCommand(
            $"""
            insert into {table} (
              tenant_id, run_id, agent, agent_version, definition_hash, status, priority, question, requested_by, metadata, model, budget_usd,
              max_duration, queued_at, idempotency_key, request_hash, parent, thread_id, previous, forked_from, forked_at, not_before, deadline_at,
              batch_id, schedule_id, requested_by_key, root_run_id)
            values (
              ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?::json, ?, ?,
              ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
              ?, ?, ?, coalesce((select root_run_id from {table} where tenant_id = ? and run_id = ?), ?::uuid, ?))
            on conflict (tenant_id, run_id) do nothing
            """,
            happened.TenantId, happened.StreamId, e.Agent, e.AgentVersion, e.DefinitionHash, e.Priority, e.Question, e.RequestedBy,
            ReadModels.Nullable(e.Metadata is null ? null : ReadModels.Json(e.Metadata)), e.Model, ReadModels.Nullable(e.BudgetUsd),
            e.MaxDuration, happened.Timestamp, ReadModels.Nullable(e.IdempotencyKey), ReadModels.Nullable(e.RequestHash),
            ReadModels.Nullable(e.Parent), ReadModels.Nullable(e.ThreadId), ReadModels.Nullable(e.Previous), ReadModels.Nullable(e.ForkedFrom?.Run),
            ReadModels.Nullable(e.ForkedFrom?.Version), ReadModels.Nullable(e.NotBefore), ReadModels.Nullable(e.Deadline),
            ReadModels.Nullable(e.Batch), ReadModels.Nullable(e.Schedule?.Schedule), ReadModels.Nullable(e.RequestedByKey),
            happened.TenantId, ReadModels.Nullable(OriginOf(e)), ReadModels.Nullable(OriginOf(e)), happened.StreamId);

        Guid? OriginOf(RunQueued e) => e.Parent ?? (e.ForkedFrom?.Root == happened.StreamId ? null : e.ForkedFrom?.Run);
    }

    /// <summary>What becomes of a row's columns; the last word on each counts.</summary>
    sealed class Changes
    {
        readonly SortedDictionary<string, (string Sql, object? Value)> columns = new(StringComparer.Ordinal);

        /// <param name="sql">The new value; the question mark is <paramref name="value"/>.</param>
        public void Set(string column, object? value, string sql = "?") => columns[column] = value is null ? ("null", null) : (sql, value);

        public void Add(string column, long number)
        {
            if (number != 0) columns[column] = ($"{column} + ?", columns.TryGetValue(column, out var sum) ? (long)sum.Value! + number : number);
        }

        public void Add(string column, decimal number)
        {
            if (number != 0) columns[column] = ($"{column} + ?", columns.TryGetValue(column, out var sum) ? (decimal)sum.Value! + number : number);
        }

        public void Update(IDocumentOperations operations, string table, string tenant, Guid run)
        {
            if (columns.Count == 0) return;

            var changes = string.Join(", ", columns.Select(column => $"{column.Key} = {column.Value.Sql}"));
            operations.QueueSqlCommand(
                $"update {table} set {changes} where tenant_id = ? and run_id = ?",
                [.. columns.Values.Where(column => column.Value is not null).Select(column => column.Value!), tenant, run]);
        }
    }
}
