using Agents.Domain.Runs;
using JasperFx.Events;
using Marten.Events.Aggregation;

namespace Agents.Projections;

/// <summary>Stores the folded run beside its stream, in the transaction that appends: the checkpoint a worker resumes from.</summary>
public sealed partial class Checkpoints : SingleStreamProjection<Run, Guid>
{
    public Checkpoints() => Name = "checkpoints";

    public override Run? Evolve(Run? run, Guid id, IEvent e) => Run.Evolve(run ?? Run.Before(id), (RunEvent)e.Data);
}
