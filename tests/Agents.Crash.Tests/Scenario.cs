using System.Text.Json.Serialization;
using Agents.Crash.Tests.Scenarios;

namespace Agents.Crash.Tests;

/// <summary>What goes wrong while runs go on.</summary>
/// <param name="Says">For people who choose one.</param>
/// <param name="Faults">Made anew for each play.</param>
public sealed record Scenario(string Name, string Says, [property: JsonIgnore] Func<Play, IReadOnlyList<Fault>> Faults)
{
    public static readonly IReadOnlyList<Scenario> All =
    [
        new("C1", "a node dies, stumbles or stands still at each fault point of each step", play => [new FaultPoints(play)]),
        new("C2", "a node is killed every 0.3 to 3 s", _ => [new Kills(new(0.3, 3))]),
        new("C3", "the database crashes every 2 to 6 s", _ => [new DatabaseCrashes(new(2, 6))]),
        new("C4", "C2 and C3 together", _ => [new Kills(new(0.3, 3)), new DatabaseCrashes(new(2, 6))]),
        new("C7", "the reply to one of 20 COMMITs is lost", play => [new LostCommitReplies(play, oneIn: 20)]),
        new("C9", "a node is stopped for 1 to 10 s", _ => [new Pauses(new(1, 3))]),
        new("C10", "every message comes again, ten times, in any order, with messages of other attempts among them", _ =>
            [new Redeliveries(copies: 10)]),
        new("C11", "messages that nobody can read", _ => [new PoisonMessages()]),
        new("C15", "all runs at once on a budget with room for a few calls, raised bit by bit", _ => [new TightBudget()]),
        new("C16", "the provider refuses, breaks, hangs or breaks off half of the requests", play => [new ProviderStorm(play)]),
        new("C17", "runs are cancelled at random moments and at each fault point", play => [new Cancels(), new FaultPoints(play, cancels: true)]),
        new("C18", "a model that says what no model should", play => [new HostileReplies(play)]),
        new("C24", "the nodes are restarted in turn by SIGTERM, with calls in flight that end before the drain does and calls that do not", play =>
            [new RollingRestarts(play, outlasting: 0.25)]),
    ];

    /// <summary>How long orphans wait: one node is killed after the other, each when all have been up for some seconds and hold runs.</summary>
    public static readonly Scenario Takeovers = new("takeovers", "a node is killed while all are up", _ =>
        [new Kills(new(6, 10), waitsForAll: true)]);

    /// <summary>What an upgrade of both nodes costs: nothing.</summary>
    public static readonly Scenario Rolling = new(
        "rolling", "the nodes are restarted in turn by SIGTERM, with calls in flight that all end before the drain does", play =>
            [new RollingRestarts(play, outlasting: 0)]);

    /// <summary>What a failover of the database costs: a pause.</summary>
    public static readonly Scenario Failover = new(
        "failover", "the primary of the database is killed and its synchronous standby promoted", _ =>
            [new Failovers(new(4, 8))]) { IsReplicated = true };

    /// <summary>The database is a primary and a standby.</summary>
    public bool IsReplicated { get; init; }

    public static Scenario Named(string name) => All.Single(known => known.Name == name);
}

/// <summary>A pause between two faults, evenly spread between these bounds.</summary>
public sealed record Every(double ShortestSeconds, double LongestSeconds)
{
    public TimeSpan Next(Random random) => TimeSpan.FromSeconds(ShortestSeconds + random.NextDouble() * (LongestSeconds - ShortestSeconds));
}

/// <summary>How much of a scenario is played.</summary>
/// <param name="Runs">
/// Runs that are queued at least; more are queued until there were enough faults. A scenario that drives itself queues what it needs.
/// </param>
/// <param name="Faults">Of each kind that the scenario has, at least. For fault points, how many of the cells; 0 plays all.</param>
/// <param name="RunsPerSecond">The steady rate at which runs are queued.</param>
/// <param name="ProviderFaults">The share of requests that the provider refuses for the moment or breaks off, from 0 to 1.</param>
public sealed record Play(Scenario Scenario, int Seed, int Runs, int Faults, double RunsPerSecond = 4, double ProviderFaults = 0)
{
    /// <summary>Servers on the one database.</summary>
    public int Nodes { get; init; } = 2;

    /// <summary>How long after the last fault everything must have come to its end.</summary>
    public TimeSpan QuietWithin { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How long after its death a node is started again; its start takes processors from those that live.</summary>
    public TimeSpan StaysAway { get; init; }

    /// <summary>More environment variables of the servers.</summary>
    [JsonIgnore]
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];
}
