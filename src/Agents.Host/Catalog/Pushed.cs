using Agents.Domain.Definitions;

namespace Agents.Host.Catalog;

/// <summary>A version that is to be pushed.</summary>
/// <param name="HasVersion">Whether its number is its author's; else it gets the next one.</param>
/// <param name="Alias">What is to stand for it. Null means that it is only stored.</param>
/// <param name="ExpectedVersion">The newest version its author knows of, 0 for none. Null means whatever it is.</param>
/// <param name="Comment">To <see cref="AgentStore.MostComment"/> characters. Null means none.</param>
public sealed record NewVersion(AgentDefinition Agent, bool HasVersion, string? Alias, int? ExpectedVersion = null, string? Comment = null)
{
    /// <summary>It comes from a folder of the server: an alias that was moved by hand since the same content was loaded stays where it is.</summary>
    public bool IsLoaded { get; init; }

    /// <summary>Nothing is written.</summary>
    public bool IsDryRun { get; init; }
}

/// <param name="Version">The version that has the content; when it was refused, what the outcome says.</param>
public sealed record Pushed(PushOutcome Outcome, int Version)
{
    public bool IsRefused => Outcome is not (PushOutcome.New or PushOutcome.Unchanged);

    /// <summary>Of the definition; empty when it was refused.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Whether an alias stands for another version than before.</summary>
    public bool IsMoved { get; init; }
}

public enum PushOutcome
{
    New,

    /// <summary>There is a version of the same content.</summary>
    Unchanged,

    /// <summary>The newest version is another than the author knows of.</summary>
    Stale,

    /// <summary>The number that the author gave has been used, or passed; the next one is told.</summary>
    NumberTaken,

    TooManyVersions,
    TooManyNames,
}

/// <param name="From">The version that was live, or on trial. Null when there was none.</param>
/// <param name="To">The version that is live now. Null means what is below: the agent for all tenants, or of the program.</param>
public sealed record RolledBack(RollBackOutcome Outcome, int? From, int? To);

public enum RollBackOutcome
{
    Done,
    TrialEnded,
    NothingLive,
    NothingBefore,
}
