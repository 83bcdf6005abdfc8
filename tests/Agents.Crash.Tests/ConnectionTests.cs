using System.Diagnostics;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>A call that waits for a model holds no connection.</summary>
[Collection(nameof(ChaosTests))]
public sealed class ConnectionTests(ITestOutputHelper output)
{
    const int Calls = 500;
    const int Pool = 20;

    /// <summary>Beside the pool: the lock that others see this node by, and what Wolverine keeps for itself.</summary>
    const int Most = 25;

    static readonly TimeSpan CallTakes = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Five_hundred_calls_of_thirty_seconds_need_no_more_connections_than_one()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("AGENTS_RIG") == "1", "Takes minutes and wants the machine to itself: set AGENTS_RIG=1.");
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(request => FakeReply.Answer("done", new(1000, 100)) with { Delay = CallTakes });
        var connection = await TestDatabase.Create();
        await using var server = await ServerProcess.Start(
            $"{connection};Maximum Pool Size={Pool}", provider.Address, ("Workers__MaxRuns", $"{Calls}"));

        await Parallel.ForAsync(0, Calls, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            await server.Runs.Queue($"Question {number}?"));
        var (most, inFlight, waited) = (0L, 0, Stopwatch.StartNew());
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "counting" }.ConnectionString);
        while (provider.Requests.Count < 2 * Calls)
        {
            await using var count = database.CreateCommand(
                "select count(*) from pg_stat_activity where datname = current_database() and application_name <> 'counting'");
            most = Math.Max(most, (long)(await count.ExecuteScalarAsync())!);
            inFlight = Math.Max(inFlight, provider.Requests.Count(request => DateTimeOffset.UtcNow - request.At < CallTakes));
            Assert.True(waited.Elapsed < Patience, $"{provider.Requests.Count} of {2 * Calls} calls were begun.\n{server.Output}");
            await Task.Delay(100);
        }

        output.WriteLine(
            $"{Calls} calls of {CallTakes.TotalSeconds} s: {inFlight} in flight at once, {most} connections at most with a pool of {Pool}.");
        Assert.True(inFlight > Calls / 2, $"Only {inFlight} calls were in flight at once.");
        Assert.True(most <= Most, $"{most} connections.");
    }
}
