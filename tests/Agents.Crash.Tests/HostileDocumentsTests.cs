using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Http;
using Agents.Host.Tests;
using Agents.Host.Tests.Knowledge;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>Documents that were made to do harm, and others, sent to a server with work of its own.</summary>
[Collection(nameof(ChaosTests))]
public sealed class HostileDocumentsTests(ITestOutputHelper output)
{
    const long MostMemory = 300L * 1024 * 1024;

    static readonly TimeSpan SlowestAnswer = TimeSpan.FromSeconds(3);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixty_documents_do_the_server_no_harm_and_each_is_named_with_its_outcome()
    {
        if (!OperatingSystem.IsLinux()) return;

        await using var provider = await FakeProvider.Start();
        await using var server = await ServerProcess.Start(await TestDatabase.CreatePrepared(), provider.Address);
        using var sender = new HttpClient { BaseAddress = server.Client.BaseAddress, Timeout = TimeSpan.FromMinutes(5) }; // they wait for their turn
        sender.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        await Send(sender, "first.md", "The pump needs oil."u8.ToArray()); // what is loaded once is loaded
        await Ask(server, "health/ready");
        await Ask(server, "search?q=pump");

        var documents = Documents();
        Assert.True(documents.Count >= 60);
        var before = Memory(server.Id);
        using var done = new CancellationTokenSource();
        var watched = Watch(server, done.Token);
        var outcomes = new ConcurrentDictionary<string, JsonElement>();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation };
        await Parallel.ForEachAsync(documents, parallel, async (document, _) =>
            outcomes[document.Key] = await Send(sender, document.Key, document.Value));
        await done.CancelAsync();
        var (memory, slowest) = await watched;

        foreach (var (name, outcome) in outcomes.OrderBy(outcome => outcome.Key, StringComparer.Ordinal))
            output.WriteLine($"{name}: {outcome.GetProperty("outcome")}, {outcome.GetProperty("passages")} passages {outcome.GetProperty("reason")}");
        output.WriteLine($"memory {before >> 20} MiB before, {memory >> 20} MiB at most; slowest answer {slowest.TotalMilliseconds:0} ms");

        Assert.All(outcomes, outcome => Assert.Equal(outcome.Key, outcome.Value.GetProperty("source").GetString()));
        Assert.All(outcomes, outcome => Assert.True(outcome.Value.GetProperty("outcome").GetString() is "added"
            || outcome.Value.GetProperty("reason").GetString() is { Length: > 0 }));
        var pages = HostileDocuments.All.Keys.Where(name => Path.GetExtension(name) is ".html" or ".pdf");
        Assert.All(pages, name => Assert.Equal("skipped", outcomes[name].GetProperty("outcome").GetString()));
        var foreign = ForeignDocuments.InLanguages.Select(document => $"{document.Language}.txt")
            .Concat(ForeignDocuments.InEncodings.Select(document => $"in-{document.Charset}.txt"));
        Assert.All(foreign, name => Assert.Equal("added", outcomes[name].GetProperty("outcome").GetString()));
        Assert.InRange(memory - before, long.MinValue, MostMemory);
        Assert.InRange(slowest, TimeSpan.Zero, SlowestAnswer);
    }

    static Dictionary<string, byte[]> Documents()
    {
        var documents = new Dictionary<string, byte[]>(HostileDocuments.All);
        foreach (var (language, text, _) in ForeignDocuments.InLanguages) documents[$"{language}.txt"] = HostileDocuments.Text(text);
        foreach (var (charset, text) in ForeignDocuments.InEncodings) documents[$"in-{charset}.txt"] = ForeignDocuments.Bytes(charset, text);
        documents["empty.md"] = [];
        documents["white.md"] = HostileDocuments.Text(" \n \n");
        documents["archive.zip"] = [0x50, 0x4B, 3, 4, 0, 0, 0, 0];
        documents["noise.bin"] = [.. Enumerable.Range(0, 4_000).Select(at => (byte)(at * 37 % 32))];
        documents["picture.html"] = [0x89, 0x50, 0x4E, 0x47, 1, 2, 3];
        return documents;
    }

    static async Task<JsonElement> Send(HttpClient sender, string name, byte[] content)
    {
        using var answer = await sender.PostAsync(
            new Uri($"documents?source={Uri.EscapeDataString(name)}", UriKind.Relative), new ByteArrayContent(content), Cancellation);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("items")[0];
    }

    static async Task Ask(ServerProcess server, string path)
    {
        using var answer = await server.Client.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The most memory, and the slowest answer to what others ask meanwhile.</summary>
    static async Task<(long Memory, TimeSpan Slowest)> Watch(ServerProcess server, CancellationToken done)
    {
        var (memory, slowest) = (0L, TimeSpan.Zero);
        while (!done.IsCancellationRequested)
        {
            foreach (var path in new[] { "health/ready", "search?q=pump" })
            {
                var took = Stopwatch.StartNew();
                await Ask(server, path);
                if (took.Elapsed > slowest) slowest = took.Elapsed;
                memory = Math.Max(memory, Memory(server.Id));
            }

            await Task.Delay(50, CancellationToken.None);
        }

        return (memory, slowest);
    }

    /// <summary>What the process holds in memory, in bytes.</summary>
    static long Memory(int process) =>
        long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
