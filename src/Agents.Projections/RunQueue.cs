using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>
/// One row in <c>agents.run_queue</c> for each run that waits for a slot or holds one. A run that stops otherwise than by completing keeps its row
/// as <c>settling</c>: an attempt may be open whose outcome, and whose bill, a watchdog must still see to.
/// </summary>
public sealed partial class RunQueue : EventProjection
{
    const string Table = "agents.run_queue";

    readonly string? fairnessKey;

    /// <param name="fairnessKey">The label of a run by which slots are shared within its tenant. Null means none.</param>
    public RunQueue(string? fairnessKey)
    {
        this.fairnessKey = fairnessKey;
        Name = "run_queue";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        switch (happened.Data)
        {
            case RunQueued e:
                operations.QueueSqlCommand(
                    $"""
                    insert into {Table} (tenant_id, run_id, agent, model, key, priority, state, since, deadline_at, after_run, not_before, waits_for)
                    values (?, ?, ?, coalesce((select first_model from agents.definition where hash = ?), ?), ?, ?, 'waiting', ?, ?, ?, ?, (
                      select 'thread' from agents.run_summary where tenant_id = ? and run_id = ?::uuid and finished_at is null for share))
                    on conflict do nothing
                    """,
                    happened.TenantId, happened.StreamId, e.Agent, e.DefinitionHash, e.Model, KeyOf(e.Metadata), e.Priority, happened.Timestamp,
                    e.EndsBy(happened.Timestamp), ReadModels.Nullable(e.After), ReadModels.Nullable(e.NotBefore),
                    happened.TenantId, ReadModels.Nullable(e.After));
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

            case WaitStarted e:
                WakeAt(e.EndsBy(happened.Timestamp));
                break;

            case WaitEnded:
                WakeAt(null);
                break;

            case RunResumed:
                operations.QueueSqlCommand(
                    $"""
                    insert into {Table} (tenant_id, run_id, agent, model, key, priority, state, since, deadline_at, waits_for, wake_at)
                    select s.tenant_id, s.run_id, s.agent, coalesce(d.first_model, s.model), coalesce(s.metadata ->> ?, ''), s.priority, 'running',
                      s.queued_at, least(? + s.max_duration, s.deadline_at), case when s.wait_since is not null then 'wait' end, s.wait_until
                    from agents.run_summary s left join agents.definition d on d.hash = s.definition_hash
                    where s.tenant_id = ? and s.run_id = ?
                    on conflict (tenant_id, run_id) do update set
                      state = 'running', node = null, since = excluded.since, deadline_at = excluded.deadline_at, wake_at = excluded.wake_at
                    """,
                    fairnessKey ?? "", happened.Timestamp, happened.TenantId, happened.StreamId);
                break;

            case RunPaused or RunParked:
                Settle();
                break;

            case RunFailed or RunCancelled:
                Settle();
                LetFollow();
                break;

            case RunCompleted:
                operations.QueueSqlCommand($"delete from {Table} where tenant_id = ? and run_id = ?", happened.TenantId, happened.StreamId);
                LetFollow();
                break;
        }

        return ValueTask.CompletedTask;

        void Settle() => operations.QueueSqlCommand(
            $"update {Table} set state = 'settling', redriven_at = '-infinity' where tenant_id = ? and run_id = ?",
            happened.TenantId, happened.StreamId);

        void WakeAt(DateTimeOffset? time) => operations.QueueSqlCommand(
            $"update {Table} set wake_at = ?::timestamptz where tenant_id = ? and run_id = ?",
            ReadModels.Nullable(time), happened.TenantId, happened.StreamId);

        void LetFollow() => operations.QueueSqlCommand("call agents.let_follow(?, ?)", happened.TenantId, happened.StreamId);
    }

    string KeyOf(IReadOnlyDictionary<string, string>? metadata) => fairnessKey is null ? "" : metadata?.GetValueOrDefault(fairnessKey) ?? "";
}
