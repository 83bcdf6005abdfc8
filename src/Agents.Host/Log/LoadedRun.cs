using Agents.Domain.Runs;

namespace Agents.Host.Log;

/// <summary>A run as its log has it: every fact, and the run that they make. Loaded once and handed on.</summary>
/// <param name="Facts">From the first. The version of a fact is its position, from 1.</param>
public sealed record LoadedRun(Run Run, IReadOnlyList<LoggedFact> Facts)
{
    /// <summary>Of the last fact.</summary>
    public long Version => Facts.Count;

    public IReadOnlyList<RunEvent> Events() => [.. Facts.Select(fact => fact.Happened)];

    /// <summary>The run as it was after so many of its facts.</summary>
    /// <param name="version">From 1; more than there are means all.</param>
    public LoadedRun At(long version) => version >= Version ? this : Of(Run.Id, [.. Facts.Take((int)version)])!;

    public RunQueued Queued => (RunQueued)Facts[0].Happened;

    /// <summary>Null when there are no facts: the tenant has no such run.</summary>
    public static LoadedRun? Of(Guid runId, IReadOnlyList<LoggedFact> facts) =>
        facts.Count == 0 ? null : new(facts.Aggregate(Run.Before(runId), (run, fact) => Run.Evolve(run, fact.Happened)), facts);
}

/// <summary>A fact, and when it was stored by the database's clock.</summary>
public readonly record struct LoggedFact(RunEvent Happened, DateTimeOffset At);
