using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Platform;
using Marten;

namespace Agents.Host.Engine.Requests;

/// <summary>Where a new run stands in its thread. At most one run of a thread works at any time.</summary>
/// <param name="Previous">The run whose question and answer come before it. Null when it is the first.</param>
/// <param name="After">The run it waits for. Null when it need not wait.</param>
/// <param name="Busy">The unfinished run because of which it is refused. Null when it is not.</param>
public sealed record ThreadPlace(string? ThreadId, Guid? Previous, Guid? After, Guid? Busy)
{
    public static readonly ThreadPlace None = new(null, null, null, null);

    /// <summary>What runs that it cancelled owe to others: to be sent in the transaction that stores the new run.</summary>
    public IReadOnlyList<Work> Owed { get; init; } = [];

    /// <summary>Finds a new run's place, in the session's transaction: requests for one thread wait for each other until it ends.</summary>
    /// <param name="previous">The run to follow. Null means the thread's latest.</param>
    public static async Task<ThreadPlace> Find(
        IDocumentSession session, string threadId, Guid? previous, Multitask multitask, Actor by, Definitions definitions, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await session.Execute(
            "select pg_advisory_xact_lock(hashtextextended(@tenant || chr(30) || @thread_id, 0))", new { tenant = session.TenantId, threadId }, ct);

        var (latest, unfinished) = await Runs(session, threadId, ct);
        previous ??= latest;
        if (unfinished.Count == 0) return new(threadId, previous, null, null);
        if (multitask is Multitask.Reject) return new(threadId, previous, null, unfinished[0]);
        if (multitask is Multitask.Enqueue) return new(threadId, previous, unfinished[0], null);

        var transaction = new RunTransaction(session);
        foreach (var earlier in unfinished) await transaction.Cancel(earlier, by, $"A new run of thread {threadId} interrupts it.", definitions, ct);
        return new(threadId, previous, null, null) { Owed = transaction.Owed };
    }

    /// <summary>The thread's latest run, and those that have not ended, latest first.</summary>
    static async Task<(Guid? Latest, List<Guid> Unfinished)> Runs(IDocumentSession session, string threadId, CancellationToken ct)
    {
        var runs = await session.Query<RunOfThread>(
            $"""
            (select queued_at, run_id, finished_at is null as is_unfinished from agents.run_summary
             where {InThread}
             order by queued_at desc, run_id desc limit 1)
            union
            (select queued_at, run_id, true from agents.run_summary
             where {InThread} and finished_at is null)
            order by queued_at desc, run_id desc
            """, new { tenant = session.TenantId, threadId, rootId = RootOf(threadId) }, ct);
        return (runs is [var latest, ..] ? latest.RunId : null, [.. runs.Where(run => run.IsUnfinished).Select(run => run.RunId)]);
    }

    readonly record struct RunOfThread(Guid RunId, bool IsUnfinished);

    /// <summary>
    /// A condition on <c>agents.run_summary</c>: runs of the tenant in the thread. A thread may have the id of its first run as its name.
    /// </summary>
    internal const string InThread = "tenant_id = @tenant and (thread_id = @thread_id or (run_id = @root_id and thread_id is null))";

    /// <summary>The run that a thread's name is the id of; an id that no run has when it is none.</summary>
    internal static Guid RootOf(string threadId) => Guid.TryParse(threadId, out var root) ? root : Guid.Empty;
}
