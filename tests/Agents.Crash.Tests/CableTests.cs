using System.Diagnostics;
using System.Net.Http.Json;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>A node whose cable is pulled: it closes nothing, and nobody hears from it any more.</summary>
[Collection(nameof(ChaosTests))]
public sealed class CableTests(ITestOutputHelper output)
{
    /// <summary>Runs that the near node has room for; the others go to the far one.</summary>
    const int NearRuns = 8;

    const int FarRuns = 4;

    static readonly TimeSpan Within = TimeSpan.FromSeconds(20);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task The_runs_of_a_node_whose_cable_is_pulled_go_on_at_the_other_within_twenty_seconds()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("AGENTS_RIG") == "1", "Lays a cable between network namespaces: set AGENTS_RIG=1.");
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/usr/sbin/ip"), "Needs Linux, root and the command ip.");
        await using var _ = await Cable.Lay();
        await using var provider = await FakeProvider.Start(host: Cable.Near);
        provider.Otherwise(request => request.Number <= NearRuns + FarRuns ? FakeReply.Silence : FakeReply.Answer("done", new(1000, 100)));
        await using var database = await RigDatabase.Start();
        await database.ListenAt(Cable.Near);
        var overCable = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = Cable.Near }.ConnectionString;

        await using var near = await ServerProcess.Start(database.ConnectionString, provider.Address, ("Workers__MaxRuns", $"{NearRuns}"));
        await using var far = ServerProcess.Launch(overCable, provider.Address, [(ServerProcess.Network, Cable.Name)]);
        for (var number = 0; number < NearRuns + FarRuns; number++) await near.Runs.Queue($"Question {number}?");
        var lost = await Until(async () => await database.TryRows(
            "select run_id from agents.run_queue where node like $1",
            $"%-{far.Id}-%") is { Count: >= FarRuns } held && provider.Requests.Count == NearRuns + FarRuns ? held : null, far);
        foreach (var held in (await database.TryRows("select run_id from agents.run_queue where node like $1", $"%-{near.Id}-%"))!)
            using (await near.Client.PostAsJsonAsync($"/runs/{held[0]}/cancel", new { reason = "makes room" })) { }

        await Cable.Pull();
        var pulled = Stopwatch.StartNew();
        await Until(async () => await database.TryRows(
            "select 1 from agents.mt_events where stream_id = any($1) and type = 'model_call_outcome_unknown'",
            lost.Select(row => (Guid)row[0]).ToArray()) is { Count: > 0 } unknown ? unknown : null, near);

        output.WriteLine($"The first run of the far node went on {pulled.Elapsed.TotalSeconds:0.0} s after its cable was pulled.");
        Assert.True(pulled.Elapsed < Within, $"It took {pulled.Elapsed}.");
        foreach (var row in lost) Assert.Equal("completed", (await near.Runs.Finished((Guid)row[0])).GetProperty("status").GetString());
    }

    static async Task<List<object[]>> Until(Func<Task<List<object[]>?>> look, ServerProcess server)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await look() is { } seen) return seen;
            if (waited.Elapsed > Patience) throw new TimeoutException(server.Output);
            await Task.Delay(100);
        }
    }

    /// <summary>A network of its own for one process, joined to this machine's by one cable.</summary>
    sealed class Cable : IAsyncDisposable
    {
        public const string Name = "agents-far";
        public const string Near = "10.77.0.1";
        const string Far = "10.77.0.2";

        public static async Task<Cable> Lay()
        {
            await Ip("netns", "add", Name);
            await Ip("link", "add", "agents-near", "type", "veth", "peer", "name", "agents-far", "netns", Name);
            await Ip("address", "add", $"{Near}/24", "dev", "agents-near");
            await Ip("link", "set", "agents-near", "up");
            await Ip("-n", Name, "address", "add", $"{Far}/24", "dev", "agents-far");
            await Ip("-n", Name, "link", "set", "agents-far", "up");
            await Ip("-n", Name, "link", "set", "lo", "up");
            return new();
        }

        /// <summary>From now on packets are dropped, both ways.</summary>
        public static Task Pull() => Ip("-n", Name, "link", "set", "agents-far", "down");

        public async ValueTask DisposeAsync() => await Ip("netns", "delete", Name); // and the cable with it

        static async Task Ip(params string[] arguments)
        {
            using var ip = Process.Start(new ProcessStartInfo("/usr/sbin/ip", arguments) { RedirectStandardError = true })!;
            var error = await ip.StandardError.ReadToEndAsync();
            await ip.WaitForExitAsync();
            if (ip.ExitCode != 0) throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error}");
        }
    }
}
