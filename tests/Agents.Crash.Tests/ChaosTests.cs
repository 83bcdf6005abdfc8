namespace Agents.Crash.Tests;

/// <summary>
/// The short forms of the scenarios, each from a seed of its own; <c>dotnet run -c Release --project tests/Agents.Benchmarks -- chaos C4</c> plays
/// the long ones.
/// </summary>
[Collection(nameof(ChaosTests))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("C7", 7, 30, 15)]
    [InlineData("C10", 10, 20, 1000)]
    [InlineData("C11", 11, 20, 14)]
    [InlineData("C16", 16, 20, 20)]
    public Task Whatever_goes_wrong_nothing_is_lost_done_twice_or_bought_unseen(string scenario, int seed, int runs, int faults) =>
        Holds(new(Scenario.Named(scenario), seed, runs, faults) { QuietWithin = TimeSpan.FromMinutes(4) });

    [Theory]
    [InlineData("C1", 1, 0, 8)]
    [InlineData("C2", 7, 50, 8)]
    [InlineData("C3", 8, 50, 3)]
    [InlineData("C4", 9, 50, 3)]
    [InlineData("C9", 10, 50, 2)]
    [InlineData("C15", 15, 30, 3)]
    [InlineData("C17", 17, 15, 4)]
    [InlineData("C18", 18, 0, 0)]
    [InlineData("C24", 24, 20, 3)]
    public Task Whatever_is_struck_down_nothing_is_lost_done_twice_or_bought_unseen(string scenario, int seed, int runs, int faults)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("AGENTS_RIG") == "1", "Takes minutes and wants the machine to itself: set AGENTS_RIG=1.");
        var share = scenario is "C2" or "C3" or "C4" or "C9" ? 0.02 : 0;
        return Holds(new(Scenario.Named(scenario), seed, runs, faults, ProviderFaults: share) { QuietWithin = TimeSpan.FromMinutes(4) });
    }

    [Fact]
    public Task A_failover_of_the_database_loses_nothing_does_nothing_twice_and_ends_within_two_seconds_of_the_promotion()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("AGENTS_RIG") == "1", "Takes minutes and wants the machine to itself: set AGENTS_RIG=1.");
        return Holds(new(Scenario.Failover, 25, 40, 3, ProviderFaults: 0.02) { QuietWithin = TimeSpan.FromMinutes(4) });
    }

    async Task Holds(Play play)
    {
        var result = await Rig.Run(play, output.WriteLine);

        foreach (var line in result.Lines()) output.WriteLine(line);
        Assert.True(result.Holds, string.Join('\n', result.Lines()));
    }
}

/// <summary>Alone, after all others: what these tests measure would not be their own.</summary>
[CollectionDefinition(nameof(ChaosTests), DisableParallelization = true)]
public sealed class ChaosCollection;
