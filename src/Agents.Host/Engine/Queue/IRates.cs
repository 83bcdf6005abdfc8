using Agents.Host.Models;

namespace Agents.Host.Engine.Queue;

/// <summary>How many model calls, and how many of their tokens, all nodes have let through in the last minute; shared by them.</summary>
public interface IRates
{
    /// <summary>Lets a call through, or says how long it must wait; a run that must wait longer than it may with its slot has given that back.</summary>
    /// <param name="tokens">The most that the call can be.</param>
    /// <param name="longest">The longest wait with the slot in hand.</param>
    /// <returns>The second in which the call counts, or how long to wait. Both null when nothing limits the model.</returns>
    Task<(long? Second, TimeSpan? Wait)> Ask(string tenant, Guid runId, string model, long tokens, TimeSpan longest, CancellationToken ct);

    /// <summary>Takes back a call that was let through and not made.</summary>
    Task GiveBack(string model, long second, long tokens);

    /// <summary>Corrects a call by what the provider counted, and by when.</summary>
    /// <param name="reserved">The tokens it was let through with.</param>
    /// <param name="sinceHeard">How long ago its reply began.</param>
    Task Settle(string model, long second, long reserved, long tokens, TimeSpan sinceHeard);

    /// <summary>Keeps what a provider told with a reply.</summary>
    /// <param name="retryAfter">It refused the call, and wants to be left alone so long. Null when it did not.</param>
    Task Note(string model, RateTold? told, TimeSpan? retryAfter);
}
