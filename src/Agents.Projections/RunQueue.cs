using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>
/// One row in <c>agents.run_queue</c> for each run that waits for a slot or holds one. A run that stops otherwise than by completing keeps its row as
/// <c>settling</c>: an attempt may be open whose outcome, and whose bill, somebody must see to.
/// </summary>
public sealed partial class RunQueue : EventProjection
{
    const string Table = "agents.run_queue";

    public RunQueue()
    {
        Name = "run_queue";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        switch (happened.Data)
        {
            case RunQueued e:
                operations.QueueSqlCommand(
                    $"insert into {Table} (tenant_id, run_id, agent, priority, state, since, deadline_at, after_run, not_before) "
                    + "values (?, ?, ?, ?, 'waiting', ?, ?, ?, ?) on conflict do nothing",
                    happened.TenantId, happened.StreamId, e.Agent, e.Priority, happened.Timestamp, e.EndsBy(happened.Timestamp),
                    ReadModels.Nullable(e.After), ReadModels.Nullable(e.NotBefore));
                break;

            case RunStarted e:
                operations.QueueSqlCommand(
                    $"update {Table} set state = 'running', node = case when waits_for is null then ? end where tenant_id = ? and run_id = ?",
                    e.Worker, happened.TenantId, happened.StreamId);
                break;

            case ToolCallRequested { ApprovalWithin: { } within }:
                operations.QueueSqlCommand(
                    $"update {Table} set approve_by = ? where tenant_id = ? and run_id = ?",
                    happened.Timestamp + within, happened.TenantId, happened.StreamId);
                break;

            case RunResumed:
                operations.QueueSqlCommand(
                    $"insert into {Table} (tenant_id, run_id, agent, priority, state, since, deadline_at) "
                    + "select tenant_id, run_id, agent, priority, 'running', ?, least(? + max_duration, deadline_at) from agents.run_summary "
                    + "where tenant_id = ? and run_id = ? "
                    + "on conflict (tenant_id, run_id) do update set state = 'running', node = null, since = excluded.since, deadline_at = excluded.deadline_at",
                    happened.Timestamp, happened.Timestamp, happened.TenantId, happened.StreamId);
                break;

            case RunPaused or RunParked or RunFailed or RunCancelled:
                operations.QueueSqlCommand($"update {Table} set state = 'settling' where tenant_id = ? and run_id = ?", happened.TenantId, happened.StreamId);
                break;

            case RunCompleted:
                operations.QueueSqlCommand($"delete from {Table} where tenant_id = ? and run_id = ?", happened.TenantId, happened.StreamId);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
