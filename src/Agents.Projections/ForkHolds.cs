using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>One row in <c>agents.fork_hold</c> for each fork for which the run at the root holds a part of its budget.</summary>
public sealed partial class ForkHolds : EventProjection
{
    const string Table = "agents.fork_hold";

    public ForkHolds()
    {
        Name = "fork_holds";
        Options.DeleteDataInTableOnTeardown(Table);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent happened, CancellationToken cancellation)
    {
        switch (happened.Data)
        {
            case ForkStarted e:
                operations.QueueSqlCommand(
                    $"insert into {Table} (tenant_id, fork, run_id) values (?, ?, ?) on conflict do nothing", happened.TenantId, e.Fork, happened.StreamId);
                break;

            case ForkEnded e:
                operations.QueueSqlCommand($"delete from {Table} where tenant_id = ? and fork = ?", happened.TenantId, e.Fork);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
