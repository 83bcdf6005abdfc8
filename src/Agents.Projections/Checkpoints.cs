using System.Runtime.CompilerServices;
using Agents.Domain.Runs;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace Agents.Projections;

/// <summary>Stores the folded run beside its stream, in the transaction that appends: the checkpoint a worker resumes from.</summary>
/// <remarks>
/// The facts are folded onto the run that was decided on, as the session's owner hands it on; only a rebuild reads the checkpoint. So what is stored never
/// depends on what another transaction has stored meanwhile: then the append fails by its version.
/// </remarks>
public sealed class Checkpoints : IProjection
{
    public const string Name = "checkpoints";

    static readonly ConditionalWeakTable<IDocumentOperations, Dictionary<Guid, (Run Run, long Version)>> HandedOn = [];

    /// <summary>Hands on the run to which the session is about to append.</summary>
    /// <param name="version">Of the last fact that is folded into it.</param>
    public static void HandOn(IDocumentOperations session, Run run, long version) => HandedOn.GetOrCreateValue(session)[run.Id] = (run, version);

    public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        foreach (var facts in events.GroupBy(fact => (fact.TenantId, fact.StreamId)))
        {
            var run = await Before(operations, facts.First(), cancellation);
            long version = 0;
            foreach (var fact in facts) (run, version) = (Run.Evolve(run, (RunEvent)fact.Data), fact.Version);
            operations.UpdateRevision(run, version);
        }
    }

    static async ValueTask<Run> Before(IDocumentOperations operations, IEvent first, CancellationToken cancellation)
    {
        if (first.Version == 1) return Run.Before(first.StreamId);
        if (HandedOn.TryGetValue(operations, out var runs) && runs.TryGetValue(first.StreamId, out var handedOn) && handedOn.Version == first.Version - 1)
            return handedOn.Run;
        return await operations.LoadAsync<Run>(first.StreamId, cancellation)
            ?? throw new InvalidOperationException($"Run {first.StreamId} has facts before {first.Version}, and no checkpoint.");
    }
}
