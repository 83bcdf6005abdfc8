using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Marten;
using Npgsql;

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
    public static async Task<ThreadPlace> Take(
        IDocumentSession session, string threadId, Guid? previous, Multitask multitask, string by, Definitions definitions, CancellationToken ct)
    {
        await session.BeginTransactionAsync(ct);
        await using var wait = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1 || chr(30) || $2, 0))");
        wait.Parameters.Add(new() { Value = session.TenantId });
        wait.Parameters.Add(new() { Value = threadId });
        await session.ExecuteAsync(wait, ct);

        var (latest, unfinished) = await Runs(session, threadId, ct);
        previous ??= latest;
        if (unfinished.Count == 0) return new(threadId, previous, null, null);
        if (multitask is Multitask.Reject) return new(threadId, previous, null, unfinished[0]);
        if (multitask is Multitask.Enqueue) return new(threadId, previous, unfinished[0], null);

        var owed = new List<Work>();
        foreach (var earlier in unfinished) owed.AddRange(await session.Cancel(earlier, by, $"A new run of thread {threadId} interrupts it.", definitions, ct));
        return new(threadId, previous, null, null) { Owed = owed };
    }

    /// <summary>The thread's latest run, and those that have not ended, latest first.</summary>
    static async Task<(Guid? Latest, List<Guid> Unfinished)> Runs(IDocumentSession session, string threadId, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            (select queued_at, run_id, finished_at is null from agents.run_summary where {InThread} order by queued_at desc, run_id desc limit 1)
            union
            (select queued_at, run_id, true from agents.run_summary where {InThread} and finished_at is null)
            order by 1 desc, 2 desc
            """);
        AddThread(command, session.TenantId, threadId);
        await using var rows = await session.ExecuteReaderAsync(command, ct);

        var runs = new List<(Guid Id, bool IsUnfinished)>();
        while (await rows.ReadAsync(ct)) runs.Add((rows.GetGuid(1), rows.GetBoolean(2)));
        return (runs.Count > 0 ? runs[0].Id : null, [.. runs.Where(run => run.IsUnfinished).Select(run => run.Id)]);
    }

    /// <summary>A condition on <c>agents.run_summary</c>: runs of the tenant $1 in the thread $2. A thread may have the id of its first run as its name.</summary>
    internal const string InThread = "tenant_id = $1 and (thread_id = $2 or (run_id = $3 and thread_id is null))";

    internal static void AddThread(NpgsqlCommand command, string tenant, string threadId)
    {
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = threadId });
        command.Parameters.Add(new() { Value = Guid.TryParse(threadId, out var root) ? root : Guid.Empty });
    }
}
