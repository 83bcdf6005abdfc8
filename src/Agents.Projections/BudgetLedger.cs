using Agents.Domain.Costs;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>
/// Settles what model calls reserved in their budgets, and keeps the list of runs that are parked for one, in the transaction of the facts.
/// A fact seen again changes nothing: a reservation is settled once.
/// </summary>
public sealed partial class BudgetLedger : EventProjection
{
    const string Settle = "call finance.settle(?, ?, ?, ?, ?, ?::numeric)";

    public BudgetLedger() => Name = "budget_ledger";

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        var (tenant, run) = (happened.TenantId, happened.StreamId);
        switch (happened.Data)
        {
            case ModelCallCompleted e:
                operations.QueueSqlCommand(Settle, tenant, run, e.Call, e.Attempt, "settled", ReadModels.Nullable(e.Cost?.Usd));
                break;

            case ModelCallFailed e:
                operations.QueueSqlCommand(Settle, tenant, run, e.Call, e.Attempt, "settled", e.Cost?.Usd ?? 0m);
                break;

            case ModelCallOutcomeUnknown e:
                operations.QueueSqlCommand(Settle, tenant, run, e.Call, e.Attempt, "unconfirmed", DBNull.Value);
                break;

            case SpendResolved e:
                operations.QueueSqlCommand(Settle, tenant, run, e.Call, e.Attempt, "resolved", e.ActualUsd);
                break;

            case RunParked { Budget: { Budget.Scope: not BudgetScope.Run } refusal }:
                operations.QueueSqlCommand(
                    "call finance.await_budget(?, ?, ?, ?, ?, ?, ?, ?, ?::numeric, ?::numeric, ?)",
                    tenant, run, refusal.Budget.Scope.ToString().ToLowerInvariant(), refusal.Budget.Value,
                    refusal.Budget.Period.ToString().ToLowerInvariant(), refusal.LimitUsd, refusal.SpentUsd, refusal.ReservedUsd,
                    ReadModels.Nullable(refusal.WantedUsd), ReadModels.Nullable(refusal.LeastUsd), happened.Timestamp);
                break;

            case RunResumed:
                operations.QueueSqlCommand(
                    "update finance.budget_wait set resumed_at = clock_timestamp() where tenant_id = ? and run_id = ?", tenant, run);
                break;

            case RunPaused or RunCancelled or RunFailed:
                operations.QueueSqlCommand("delete from finance.budget_wait where tenant_id = ? and run_id = ?", tenant, run);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
