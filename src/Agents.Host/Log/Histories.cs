using Agents.Domain.Runs;
using Marten;

namespace Agents.Host.Log;

/// <summary>What happened in a run, and, for a fork, what happened before it in the run that it continues.</summary>
public static class Histories
{
    /// <summary>The run's own facts, from the first. Empty when the tenant has no such run.</summary>
    /// <param name="version">The last one wanted. Null means all.</param>
    public static async Task<List<RunEvent>> Own(IQuerySession session, Guid runId, long? version, CancellationToken ct) =>
        [.. (await session.Events.FetchStreamAsync(runId, version: version ?? 0, token: ct)).Select(e => (RunEvent)e.Data)];

    /// <summary>All that a fork's model is to be told, as if one run had lived through it: its own question, the shared history, its own facts. Others' own facts alone.</summary>
    public static async Task<IReadOnlyList<RunEvent>> Whole(IQuerySession session, IReadOnlyList<RunEvent> own, CancellationToken ct)
    {
        if (own is not [RunQueued { ForkedFrom: { } from } first, ..]) return own;

        var shared = new List<RunEvent>();
        for (var next = from; next is not null;)
        {
            var facts = await Own(session, next.Run, next.Version, ct);
            shared.InsertRange(0, facts.Skip(1));
            next = facts is [RunQueued queued, ..] ? queued.ForkedFrom : null;
        }

        return [first, .. shared, .. own.Skip(1)];
    }
}
