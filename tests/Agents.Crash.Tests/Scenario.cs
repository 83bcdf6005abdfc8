namespace Agents.Crash.Tests;

/// <summary>What goes wrong while runs go on, and how often. Null does not happen.</summary>
/// <param name="Kills">kill -9 of one of the nodes, which is started again at once.</param>
/// <param name="DatabaseCrashes">PostgreSQL ends at once without writing anything down, and is started again up to two seconds later.</param>
/// <param name="Pauses">SIGSTOP of one of the nodes for 1 to 10 s.</param>
public sealed record Scenario(string Name, Every? Kills = null, Every? DatabaseCrashes = null, Every? Pauses = null)
{
    public static readonly IReadOnlyList<Scenario> All =
    [
        new("C2", Kills: new(0.3, 3)),
        new("C3", DatabaseCrashes: new(2, 6)),
        new("C4", Kills: new(0.3, 3), DatabaseCrashes: new(2, 6)),
        new("C9", Pauses: new(1, 3)),
    ];
}

/// <summary>A pause between two faults, evenly spread between these bounds.</summary>
public sealed record Every(double ShortestSeconds, double LongestSeconds)
{
    public TimeSpan Next(Random random) => TimeSpan.FromSeconds(ShortestSeconds + random.NextDouble() * (LongestSeconds - ShortestSeconds));
}

/// <summary>How much of a scenario is played.</summary>
/// <param name="Runs">Runs that are queued at least; more are queued until there were enough faults.</param>
/// <param name="Faults">Of each kind that the scenario has, at least.</param>
/// <param name="RunsPerSecond">The steady rate at which runs are queued.</param>
/// <param name="ProviderFaults">The share of requests that the provider refuses for the moment or breaks off, from 0 to 1.</param>
public sealed record Play(Scenario Scenario, int Seed, int Runs, int Faults, double RunsPerSecond = 4, double ProviderFaults = 0)
{
    public const int Nodes = 2;

    /// <summary>How long after the last fault everything must have come to its end.</summary>
    public TimeSpan QuietWithin { get; init; } = TimeSpan.FromSeconds(120);
}
