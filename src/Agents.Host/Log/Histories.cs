using Agents.Domain.Runs;

namespace Agents.Host.Log;

/// <summary>What happened in a run, and, for a fork, what happened before it in the run that it continues.</summary>
public static class Histories
{
    /// <summary>
    /// All that a fork's model is to be told, as if one run had lived through it: its own question, the shared history, its own facts. Of a run that
    /// is no fork its own facts.
    /// </summary>
    public static async Task<IReadOnlyList<RunEvent>> Whole(this IRunLog log, string tenant, LoadedRun own, CancellationToken ct)
    {
        var facts = own.Facts.Select(fact => fact.Happened);
        if (own.Queued.ForkedFrom is not { } from) return [.. facts];

        var shared = new List<RunEvent>();
        for (var next = from; next is not null;)
        {
            var earlier = await log.Load(tenant, next.Run, ct, next.Version);
            shared.InsertRange(0, earlier?.Facts.Skip(1).Select(fact => fact.Happened) ?? []);
            next = earlier?.Queued.ForkedFrom;
        }

        return [own.Queued, .. shared, .. facts.Skip(1)];
    }
}
