namespace Agents.Host.Engine.Queue;

/// <summary>The queue: a row for each run that waits for a slot, holds one, or has ended and is not settled.</summary>
public interface IRunQueue
{
    /// <summary>Whether the run holds a slot, of whatever node.</summary>
    Task<bool> HasSlot(string tenant, Guid runId, CancellationToken ct);

    /// <summary>Gives back the slot of a run that did not begin on this node.</summary>
    /// <param name="until">It is given no slot before. Null means now.</param>
    /// <returns>False when it has begun, or another node has it.</returns>
    Task<bool> GiveBackUnbegun(string tenant, Guid runId, string node, DateTimeOffset? until);

    /// <summary>Gives back the slot of a run that has begun and with which this node cannot go on.</summary>
    /// <param name="until">It is given no slot before. Null means now.</param>
    /// <returns>False when it has ended or stands still, or another node has it.</returns>
    Task<bool> GiveBackBegun(string tenant, Guid runId, string node, DateTimeOffset? until);

    /// <summary>
    /// Sets free the runs of a node that stops, but for those that have something in flight there. Runs that another transaction has locked are left for
    /// the next time.
    /// </summary>
    /// <returns>Those that were set free.</returns>
    Task<IReadOnlyList<Guid>> SetFree(string node, IReadOnlyCollection<Guid> inFlight);

    /// <summary>Sets free all runs of nodes that are gone; a node with a free slot takes them up.</summary>
    /// <returns>How many.</returns>
    Task<int> SetFree(IReadOnlyCollection<string> gone, CancellationToken ct);

    /// <summary>The run has no approval to wait for any more that would be overdue.</summary>
    Task ApprovalsAreOver(string tenant, Guid runId, CancellationToken ct);

    /// <summary>Forgets runs that have ended or stand still, and of which no attempt is open.</summary>
    Task Settled(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct);
}
