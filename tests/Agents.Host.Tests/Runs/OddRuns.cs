using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Tests.Models;
using Agents.Host.Tools;
using Alba;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using static Agents.Host.Tests.Models.Said;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs at a provider that answers each in an odd way, to their ends; one for each kind of outcome. The host has stopped when tests look.</summary>
public sealed class OddRuns : IAsyncLifetime
{
    static readonly string Stop = Chunk("{}", "\"stop\"");

    /// <summary>By question: the agent, the status in which the run ends or stands, and the replies; the last one is repeated.</summary>
    static readonly Dictionary<string, (string Agent, string Status, FakeReply[] Replies)> Script = new()
    {
        ["empty reasons"] = ("talker", "completed", [Events(Chunk("""{"role":"","content":"Hello"}""", "\"\""), Stop, UsageChunk, Done)]),
        ["no quota"] = ("talker", "parked", [Events("""{"error":{"message":"Pay first.","type":"insufficient_quota","code":"insufficient_quota"}}""")]),
        ["overloaded"] = ("talker", "parked", [Events("""{"error":{"message":"Too busy.","type":"server_error"},"choices":[]}""")]),
        ["given up"] = ("talker", "parked", [Events(Chunk("""{"content":"Hello"}"""), """{"error":{"message":"Too long.","code":400}}""")]),
        ["a page"] = ("talker", "parked", [FakeReply.Sends("<html>Sign in</html>") with { ContentType = "text/html" }]),
        ["unreadable"] = ("talker", "parked", [Events(Chunk("""{"content":"Hello"}"""), "{oops")]),
        ["nothing"] = ("talker", "parked", [Events(Chunk("""{"reasoning_content":"hmm"}"""), Stop, UsageChunk, Done)]),
        ["nothing at first"] = ("talker", "completed",
            [Events(Stop, UsageChunk, Done), Events(Chunk("""{"content":"Hello"}"""), Stop, UsageChunk, Done)]),
        ["filtered"] = ("talker", "completed", [Events(Chunk("""{"content":"Hello"}"""), Chunk("{}", "\"content_filter\""), UsageChunk, Done)]),
        ["too long"] = ("talker", "completed", [Events(Chunk("""{"content":"Hello"}"""), Chunk("{}", "\"length\""), UsageChunk, Done)]),
        ["thought"] = ("talker", "completed", [Events(Chunk("""{"content":"<think>hmm</think>\n\nHello"}"""), Stop, UsageChunk, Done)]),
        ["no name for the limit"] = ("talker", "completed",
        [
            FakeReply.Error(422, "") with { Body = """{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"]}]}""" },
            Events(Chunk("""{"content":"Hello"}"""), Stop, UsageChunk, Done),
        ]),
        ["one letter"] = ("clerk", "completed",
        [
            Events(
                Tool("""{"index":0,"id":"a","type":"function","function":{"name":"send_letter","arguments":"{\"to\":\"ada\"}"}}"""),
                Tool("""{"index":1,"id":"a","type":"function","function":{"name":"send_letter","arguments":"{\"to\":\"ada\"}"}}"""),
                Chunk("{}", "\"tool_calls\""), UsageChunk, Done),
            Events(Chunk("""{"content":"Hello"}"""), Stop, UsageChunk, Done),
        ]),
        ["two sums"] = ("clerk", "completed",
        [
            Events(
                Tool("""{"index":0,"id":"a","type":"function","function":{"name":"add","arguments":"{\"left\":\"1\",\"right\":\"2\"}"}}"""),
                Tool("""{"index":0,"id":"b","type":"function","function":{"name":"add","arguments":"{\"left\":\"3\",\"right\":\"4\"}"}}"""),
                Chunk("{}", "\"tool_calls\""), UsageChunk, Done),
            Events(Chunk("""{"content":"Hello"}"""), Stop, UsageChunk, Done),
        ]),
    };

    readonly string folder = Directory.CreateTempSubdirectory("agents-odd-").FullName;
    readonly Dictionary<string, (JsonElement View, IReadOnlyList<RunEvent> Facts)> runs = [];

    public string Connection { get; private set; } = "";

    public string Ledger => Path.Combine(folder, "ledger.jsonl");

    /// <summary>The run as the API shows it.</summary>
    public JsonElement View(string question) => runs[question].View;

    public IEnumerable<T> Facts<T>(string question) where T : RunEvent => runs[question].Facts.OfType<T>();

    public async ValueTask InitializeAsync()
    {
        Connection = await TestDatabase.CreatePrepared("odd");
        await using var provider = await FakeProvider.Start(Ledger);
        var asked = new ConcurrentDictionary<string, int>();
        provider.Otherwise(request =>
        {
            var (question, (_, _, replies)) = Script.Single(line => request.Body.Contains($"\"{line.Key}\"", StringComparison.Ordinal));
            return replies[Math.Min(asked.AddOrUpdate(question, 1, (_, times) => times + 1), replies.Length) - 1];
        });
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", Connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Models:Provider", "openai");
            web.UseSetting("Models:Endpoint", provider.Address.ToString());
            web.UseSetting("Models:ApiKey", "test");
            web.ConfigureServices(services =>
            {
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                foreach (var agent in TestAgents.All) services.AddSingleton(agent);
            });
        });
        var ids = new Dictionary<string, Guid>();
        foreach (var (question, (agent, _, _)) in Script) ids[question] = await Queue(host, question, agent);
        foreach (var (question, (_, status, _)) in Script) runs[question] = await Until(host, ids[question], status);
        await host.StopAsync();
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    static async Task<Guid> Queue(IAlbaHost host, string question, string agent)
    {
        var queued = await host.Scenario(call =>
        {
            call.Post.Json(App.Body(question, agent)).ToUrl("/runs");
            call.StatusCodeShouldBe(202);
        });
        return (await queued.ReadAsJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    static async Task<(JsonElement View, IReadOnlyList<RunEvent> Facts)> Until(IAlbaHost host, Guid id, string status)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var view = await (await host.Scenario(call => call.Get.Url($"/runs/{id}"))).ReadAsJsonAsync<JsonElement>();
            if (view.GetProperty("status").GetString() == status)
            {
                await using var session = host.DocumentStore().QuerySession("default");
                return (view, [.. (await session.Events.FetchStreamAsync(id)).Select(stored => (RunEvent)stored.Data)]);
            }

            if (patience.IsCancellationRequested) throw new TimeoutException($"It is {view}, not {status}.");
            await Task.Delay(50);
        }
    }
}
