using Agents.Domain.Runs;
using Agents.Host.Log;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// Changes runs in a Marten session. The owner of the session saves it: the middleware of a handler or an endpoint, or <see cref="OwnTransaction"/>.
/// </summary>
public class RunTransaction(IDocumentSession session) : IRunTransaction
{
    readonly List<Work> owed = [];

    /// <summary>For what else is stored in the same transaction.</summary>
    public IDocumentSession Session => session;

    public string Tenant => session.TenantId;

    public IReadOnlyList<Work> Owed => owed;

    public async Task<IHeldRun?> Hold(Guid runId, CancellationToken ct)
    {
        var stream = await session.Events.FetchForExclusiveWriting<Run>(runId, ct);
        return stream.Aggregate is null ? null : new Held(stream);
    }

    public Task<LoadedRun?> Load(Guid runId, CancellationToken ct) => RunLog.Load(session, runId, version: null, ct);

    public Task<IReadOnlyList<Run>> Checkpoints(IReadOnlyCollection<Guid> runs, CancellationToken ct) => RunLog.Checkpoints(session, runs, ct);

    public void Begin(Guid runId, IReadOnlyList<RunEvent> facts) => session.Events.StartStream<Run>(runId, facts);

    public void Use(Guid runId, SlotUse use) => Slots.Use(session, runId, use);

    public void Owe(IEnumerable<Work> work) => owed.AddRange(work);

    /// <summary>What is owed, for a handler or an endpoint to return: it is stored with the facts.</summary>
    public OutgoingMessages Messages() => owed.Messages();

    /// <summary>Marten checks the version again when the session is saved.</summary>
    sealed class Held(IEventStream<Run> stream) : IHeldRun
    {
        public Run Run => stream.Aggregate!;

        public long Version => stream.CurrentVersion ?? 0;

        public void Append(IReadOnlyList<RunEvent> facts) => stream.AppendMany(facts);
    }
}
