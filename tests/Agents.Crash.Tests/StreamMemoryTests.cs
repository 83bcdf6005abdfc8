using System.Globalization;
using System.Net;
using Agents.Host.Http;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>What many streams of one key take of a server.</summary>
[Collection(nameof(ChaosTests))]
public sealed class StreamMemoryTests(ITestOutputHelper output)
{
    const int Asked = 600;

    /// <summary>As many as a key may have open, unless the settings say otherwise.</summary>
    const int Open = 200;

    const long MostMemory = 64L * 1024 * 1024;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_six_hundred_streams_of_one_key_two_hundred_are_open_and_take_little_memory()
    {
        if (!OperatingSystem.IsLinux()) return;

        await using var provider = await FakeProvider.Start();
        var connection = await TestDatabase.CreatePrepared();
        await using var server = await ServerProcess.Start(connection, provider.Address);
        using var client = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = server.Client.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await Key(connection));
        while (await Opened(client, 20) < 20) await Task.Delay(50, Cancellation); // the key is known, and what is loaded once is loaded
        await Task.Delay(TimeSpan.FromSeconds(1), Cancellation); // their ends are noticed
        var before = Memory(server.Id);

        var answers = await Ask(client, Asked);
        var after = Memory(server.Id);
        output.WriteLine($"memory {before >> 20} MiB before, {after >> 20} MiB with {Asked} streams asked for");

        Assert.Equal(Open, answers.Count(answer => answer.StatusCode is HttpStatusCode.OK));
        Assert.Equal(Asked - Open, answers.Count(answer => answer.StatusCode is HttpStatusCode.TooManyRequests));
        Assert.InRange(after - before, long.MinValue, MostMemory);
        foreach (var answer in answers) answer.Dispose();
    }

    /// <summary>How many of so many streams were opened; all are closed again.</summary>
    static async Task<int> Opened(HttpClient client, int streams)
    {
        var answers = await Ask(client, streams);
        foreach (var answer in answers) answer.Dispose();
        return answers.Count(answer => answer.StatusCode is HttpStatusCode.OK);
    }

    static Task<HttpResponseMessage[]> Ask(HttpClient client, int streams) => Task.WhenAll(Enumerable.Range(0, streams).Select(_ =>
        client.GetAsync(new Uri("stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation)));

    static async Task<string> Key(string connection)
    {
        await using var database = NpgsqlDataSource.Create(connection);
        return (await new KeyStore(database).Create("acme", Roles.Operator, "greedy", Cancellation)).Secret;
    }

    /// <summary>What the process holds in memory, in bytes.</summary>
    static long Memory(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
