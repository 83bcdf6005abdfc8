using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Agents.Host.Postgres;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>kill -9 of the PostgreSQL that servers started for themselves: a server starts it again, and its runs go on.</summary>
[Collection(nameof(ChaosTests))]
public sealed class EmbeddedDeathTests(ITestOutputHelper output)
{
    /// <summary>Ten seconds are promised; the rest is for a machine that runs all other tests at the same time.</summary>
    static readonly TimeSpan Within = TimeSpan.FromSeconds(40);

    /// <summary>From the death to the start of the new one, which is the servers' own part: they look each second.</summary>
    static readonly TimeSpan NoticedWithin = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan CallTakes = TimeSpan.FromMilliseconds(300);
    const int Runs = 6;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_PostgreSQL_that_is_killed_in_the_middle_of_runs_is_started_again_by_one_of_its_servers_and_the_runs_complete(int servers)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-death-{Guid.CreateVersion7():N}");
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(request => FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { Delay = CallTakes });
        var started = new List<ServerProcess>();
        try
        {
            for (var number = 0; number < servers; number++) started.Add(ServerProcess.Launch("", provider.Address, ("AGENTS_DATA", directory)));
            await Task.WhenAll(started.Select(server => server.Ready()));
            var runs = new List<(ServerProcess Server, Guid Id)>();
            for (var number = 0; number < Runs; number++)
                runs.Add((started[number % servers], await started[number % servers].Runs.Queue($"Question {number}?")));
            await Rig.Until(() => provider.Requests.Count > Runs / 2, Patience, "No model was asked.");

            var died = (await EmbeddedServer.Status(directory, Cancellation)).ProcessId!.Value;
            Signals.Send(died, "KILL");
            var away = Stopwatch.StartNew();
            await Rig.Until(() => WordsOfRestart(started).Any(), Within, $"Nothing was started again.\n{started[0].Output}");
            var noticed = away.Elapsed - StartTook(WordsOfRestart(started).First());
            await Task.WhenAll(started.Select(server => server.Ready()));
            away.Stop();

            output.WriteLine($"{servers} servers: ready {away.Elapsed.TotalSeconds:0.0} s after the kill. {WordsOfRestart(started).First()}");
            Assert.True(noticed < NoticedWithin, $"Noticed only after {noticed}.\n{started[0].Output}");
            Assert.True(away.Elapsed < Within, $"Ready only after {away.Elapsed}.\n{started[0].Output}");
            foreach (var (server, id) in runs) Assert.Equal("completed", (await server.Runs.Finished(id)).GetProperty("status").GetString());
            Assert.Single(WordsOfRestart(started));
            var now = await EmbeddedServer.Status(directory, Cancellation);
            Assert.Equal(EmbeddedServerState.Running, now.State);
            Assert.NotEqual(died, now.ProcessId);
        }
        finally
        {
            foreach (var server in started) await server.DisposeAsync();
            await EmbeddedServer.Reset(directory, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
    }

    static IEnumerable<string> WordsOfRestart(IEnumerable<ServerProcess> servers) =>
        servers.SelectMany(server => Regex.Matches(server.Output, ".*was started again as process.*").Select(match => match.Value.Trim()));

    static TimeSpan StartTook(string words) =>
        TimeSpan.FromSeconds(double.Parse(Regex.Match(words, @"within ([\d.]+) s").Groups[1].Value, CultureInfo.InvariantCulture));
}
