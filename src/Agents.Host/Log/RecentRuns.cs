using Agents.Domain.Runs;
using Marten;
using Marten.Services;

namespace Agents.Host.Log;

/// <summary>
/// Runs as the last commits of this node left them. The worker that does a run's next step finds it here, and need not read it again. Never trusted: the
/// version is checked by the transaction that builds on it.
/// </summary>
/// <remarks>Only of runs that go on at once: what is kept is a moment old, and what stands still is read.</remarks>
public sealed class RecentRuns(TimeProvider clock) : DocumentSessionListenerBase
{
    /// <summary>How long a run is known after its commit.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(2);

    /// <summary>Runs that are kept at most; the oldest commits are forgotten first.</summary>
    const int Most = 2_000;

    readonly Lock turn = new();
    readonly Dictionary<Guid, LinkedListNode<Recent>> runs = [];
    readonly LinkedList<Recent> byAge = [];

    /// <summary>Something of the run is due at once, so that it will be asked for again.</summary>
    public static bool GoesOn(Run run) => run.Status is RunStatus.Running && run.IsWaiting() && SlotUse.Of(run) is null;

    /// <summary>Null when the run is not known, or known at another version.</summary>
    public Run? At(string tenant, Guid runId, long version) => Latest(tenant, runId) is { } known && known.Version == version ? known.Run : null;

    /// <summary>Null when the run is not known. It may have moved on since, by another node.</summary>
    public KnownRun? Latest(string tenant, Guid runId)
    {
        lock (turn)
        {
            return runs.TryGetValue(runId, out var node) && node.Value is { Known: { } known } recent && recent.Tenant == tenant && !IsOld(recent)
                ? known
                : null;
        }
    }

    /// <summary>Forgets a run that another node has written to.</summary>
    public void Forget(Guid runId)
    {
        lock (turn)
        {
            if (runs.Remove(runId, out var node)) byAge.Remove(node);
        }
    }

    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        Dictionary<Guid, long>? versions = null;
        foreach (var run in commit.Updated.OfType<Run>())
        {
            versions ??= commit.GetStreams().ToDictionary(stream => stream.Id, stream => stream.Version);
            Stored(session.TenantId, run, versions[run.Id]);
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Commits may be heard of in another order than they were made: the highest version counts, also that of a run that does not go on. Not that of a run
    /// that queues: nothing came before it, and a batch would push out all others.
    /// </summary>
    public void Stored(string tenant, Run run, long version)
    {
        if (run.Status is RunStatus.Queued) return;

        lock (turn)
        {
            if (runs.TryGetValue(run.Id, out var earlier))
            {
                if (earlier.Value.Version > version) return;
                byAge.Remove(earlier);
            }

            runs[run.Id] = byAge.AddLast(new Recent(tenant, run.Id, version, GoesOn(run) ? new(run, version) : null, clock.GetTimestamp()));
            while (byAge.First is { } oldest && (runs.Count > Most || IsOld(oldest.Value)))
            {
                runs.Remove(oldest.Value.RunId);
                byAge.RemoveFirst();
            }
        }
    }

    bool IsOld(Recent recent) => clock.GetElapsedTime(recent.Since) >= KeptFor;

    /// <param name="Known">Null when the run does not go on.</param>
    sealed record Recent(string Tenant, Guid RunId, long Version, KnownRun? Known, long Since);
}

/// <param name="Version">Of the last fact that is folded into it.</param>
public sealed record KnownRun(Run Run, long Version);
