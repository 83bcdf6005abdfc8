using Agents.Domain.Runs;
using Marten;

namespace Agents.Host.Engine.Deciding;

/// <summary>Writes down what becomes of a run's slot, in the transaction of the facts from which it follows.</summary>
static class Slots
{
    const string Row = "where tenant_id = ? and run_id = ?";

    public static void Use(this IDocumentSession session, Guid runId, SlotUse use)
    {
        if (use.IsKept()) return;

        if (use.Waits is Pending.Approval or Pending.Child)
            session.QueueSqlCommand(
                $"update agents.run_queue set node = null, waits_for = ?, not_before = null {Row}",
                Word(use.Waits is Pending.Child ? QueueWait.Child : QueueWait.Approval), session.TenantId, runId);
        else if (use.HeldBack is { } delay)
            session.QueueSqlCommand(
                $"""
                update agents.run_queue set waits_for = null, node = case when ? then null else node end,
                  not_before = least(clock_timestamp() + ?, case when not_before > clock_timestamp() then not_before end) {Row}
                """, use.Waits is Pending.Retry, delay, session.TenantId, runId);
        else if (use.Waits is Pending.Retry) // one whose time has come is being performed here
            session.QueueSqlCommand($"update agents.run_queue set node = null {Row} and not_before > clock_timestamp()", session.TenantId, runId);
        else
            session.QueueSqlCommand($"update agents.run_queue set node = null, waits_for = null, not_before = null {Row}", session.TenantId, runId);
    }

    static string Word(QueueWait wait) => wait.ToString().ToLowerInvariant();
}
