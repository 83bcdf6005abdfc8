using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// How the server itself cancels a run, in whatever way it was asked to. What the run owes to others, such as runs that it started, is sent with it.
/// </summary>
public static class Cancelling
{
    /// <summary>In a transaction of its own.</summary>
    /// <returns>Null when there is no such run.</returns>
    public static Task<Decision?> Cancel(this Decisions decisions, string tenant, Guid runId, Actor by, string reason, CancellationToken ct) =>
        decisions.Decide(tenant, runId, (run, agent) => RunDecider.Decide(run, agent, new CancelRun(by.Name, reason, by.KeyId)), ct);

    /// <returns>Null when there is no such run.</returns>
    public static Task<Decision?> Cancel(
        this IRunTransaction transaction, Guid runId, Actor by, string reason, IDefinitions definitions, CancellationToken ct) =>
        transaction.Decide(runId, definitions, (run, agent) => RunDecider.Decide(run, agent, new CancelRun(by.Name, reason, by.KeyId)), ct);
}
