using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Tools;
using Alba;
using Marten;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Agents.Host.Tests.Queues;

/// <summary>Two nodes of four slots each on one database, with a model that counts who is inside.</summary>
public sealed class Pool : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly List<IAlbaHost> hosts = [];

    public Turnstile Model { get; } = new();

    public NpgsqlDataSource Database => hosts[0].Services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("pool");
        for (var node = 0; node < 2; node++)
            hosts.Add(await AlbaHost.For<Program>(web =>
            {
                web.UseSetting("ConnectionStrings:agents", connection);
                web.UseSetting("urls", "http://127.0.0.1:0");
                web.UseSetting("Workers:MaxRuns", "4");
                web.UseSetting("Workers:AgingSeconds", "1");
                web.UseSetting("Workers:FairnessKey", "team");
                web.UseSetting("Workers:Weights:heavy", "3");
                web.ConfigureServices(services =>
                {
                    services.Replace(ServiceDescriptor.Singleton<IChatClient>(Model));
                    services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                    foreach (var agent in TestAgents.All) services.AddSingleton(agent);
                });
            }));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts) await host.DisposeAsync();
    }

    public IServiceProvider Services(int node) => hosts[node].Services;

    public async Task Execute(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Names of both nodes.</summary>
    public IReadOnlyList<string> Nodes => [.. hosts.Select(host => host.Services.GetRequiredService<Node>().Name)];

    /// <summary>Queues runs of a tenant, in one transaction.</summary>
    public async Task<IReadOnlyList<Guid>> Queue(
        int runs, string tenant = "default", int priority = 5, string agent = "talker", string question = "What now?", string? team = null)
    {
        var services = hosts[0].Services;
        await using var session = services.GetRequiredService<IDocumentStore>().LightweightSession(tenant);
        var definition = services.GetRequiredService<AgentCatalog>().BuiltInNamed(agent)!;
        var metadata = team is null ? null : new Dictionary<string, string> { ["team"] = team };
        var ids = Enumerable.Range(0, runs).Select(_ => new NewRun(AskedAgent.Of(definition), question, priority, metadata, null, null, null, ThreadPlace.None, null)
            .Queue(session, services.GetRequiredService<ModelProviders>(), new(tenant, "ada", null))).ToList();
        await session.SaveChangesAsync();
        return ids;
    }

    public async Task<JsonElement> Send(HttpMethod method, string url, object? body, int status, int node = 0)
    {
        using var client = hosts[node].Server.CreateClient();
        using var request = new HttpRequestMessage(method, url) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add(PageGuard.ClientHeader, "tests");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{method} {url} gave {answer.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public Task<JsonElement> Limit(string scope, object limit) => Send(HttpMethod.Put, $"/limits/{scope}", limit, 200);

    public Task<JsonElement> Why(Guid id) => Send(HttpMethod.Get, $"/runs/{id}/why", null, 200);

    public async Task<T> Scalar<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task<long> Ended(IEnumerable<Guid> ids) =>
        Scalar<long>("select count(*) from agents.run_summary where run_id = any($1) and finished_at is not null", ids.ToArray());

    public async Task<IReadOnlyList<RunEvent>> Facts(Guid id)
    {
        await using var session = hosts[0].Services.GetRequiredService<IDocumentStore>().QuerySession("default");
        return [.. (await session.Events.FetchStreamAsync(id)).Select(stored => (RunEvent)stored.Data)];
    }

    /// <summary>Names of what started, in order: each run is called by the name given for its id.</summary>
    public async Task<string> Order(IReadOnlyDictionary<Guid, string> names)
    {
        await using var command = Database.CreateCommand(
            "select run_id from agents.run_summary where run_id = any($1) and started_at is not null order by started_at, run_id");
        command.Parameters.Add(new() { Value = names.Keys.ToArray() });
        await using var rows = await command.ExecuteReaderAsync();
        var order = new List<string>();
        while (await rows.ReadAsync()) order.Add(names[rows.GetGuid(0)]);
        return string.Concat(order);
    }

    /// <summary>Whether a node would begin a call at this moment.</summary>
    public async Task<bool> MayBegin(int node)
    {
        var mayBegin = false;
        await Services(node).GetRequiredService<InFlight>().Perform<object>("default", new(), Guid.CreateVersion7(), "a question", effort =>
        {
            mayBegin = effort.MayBegin;
            return Task.FromResult<object?>(null);
        });
        return mayBegin;
    }

    public static async Task Until(Func<Task<bool>> fits, string what, TimeSpan? every = null)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (!await fits())
        {
            if (waited.Elapsed > Patience) throw new TimeoutException($"Never came: {what}");
            await Task.Delay(every ?? TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Waits until the run's row in the queue fits the condition.</summary>
    public async Task Until(Guid id, string row)
    {
        try
        {
            await Until(async () => await Scalar<bool>($"select exists (select from agents.run_queue where run_id = $1 and {row})", id), row);
        }
        catch (TimeoutException never)
        {
            throw new TimeoutException($"{never.Message}: {string.Join(", ", await Facts(id))}", never);
        }
    }

    /// <summary>Nothing waits, nothing is limited, nothing is paused: as a test finds it.</summary>
    public async Task Clear()
    {
        Model.Open();
        foreach (var kind in new[] { "limits", "pauses" })
            foreach (var item in (await Send(HttpMethod.Get, $"/{kind}", null, 200)).GetProperty("items").EnumerateArray())
                await Send(HttpMethod.Delete, $"/{kind}/{item.GetProperty("scope").GetString()}", null, 204);
        await Until(async () => await Scalar<long>("select count(*) from agents.run_queue where state <> 'settling'") == 0, "an empty queue");
    }
}

/// <summary>Lets calls in, counts those inside, and lets them out when the gate is open.</summary>
public sealed class Turnstile : IChatClient
{
    volatile TaskCompletionSource gate = Opened();
    int inside, most;

    /// <summary>What the next call of a question says: an exception to throw, or a tool to ask for.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<string, System.Collections.Concurrent.ConcurrentQueue<object>> Script { get; } = new();

    public int Inside => inside;

    /// <summary>The most that were ever inside at once, since the gate was last closed.</summary>
    public int Most => most;

    /// <summary>Nobody comes out until it is opened.</summary>
    public void Close()
    {
        most = 0;
        gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Open() => gate.TrySetResult();

    /// <summary>Lets out who is inside now, and nobody after them.</summary>
    public void Turn()
    {
        var before = gate;
        gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        before.TrySetResult();
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var question = messages.First(message => message.Role == ChatRole.User).Text;
        var wait = gate;
        var now = Interlocked.Increment(ref inside);
        for (var seen = most; now > seen; seen = most)
            if (Interlocked.CompareExchange(ref most, now, seen) == seen) break;
        try
        {
            await wait.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref inside);
        }

        if (Script.TryGetValue(question, out var script) && script.TryDequeue(out var line))
        {
            if (line is Exception failure) throw failure;
            yield return new(ChatRole.Assistant,
                [(FunctionCallContent)line, new UsageContent(new() { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 })])
            {
                ModelId = ScriptedModel.Priced, FinishReason = ChatFinishReason.ToolCalls,
            };
            yield break;
        }

        yield return new(ChatRole.Assistant,
            [new TextContent("Done."), new UsageContent(new() { InputTokenCount = 10, OutputTokenCount = 1, TotalTokenCount = 11 })])
        {
            ModelId = ScriptedModel.Priced, FinishReason = ChatFinishReason.Stop,
        };
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }
}
