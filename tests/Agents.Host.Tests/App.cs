using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Tools;
using Alba;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

[assembly: AssemblyFixture(typeof(Agents.Host.Tests.App))]

namespace Agents.Host.Tests;

/// <summary>The real host on a real database, with a model that says what a test tells it to say, and offline answers otherwise. One for all tests.</summary>
public sealed class App : IAsyncLifetime
{
    /// <summary>How long a test waits for what must happen.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public IAlbaHost Host { get; private set; } = null!;

    public ScriptedModel Model { get; } = new();

    public NpgsqlDataSource Database => Host.Services.GetRequiredService<NpgsqlDataSource>();

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.Create();
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Models:FirstTokenTimeout", "600"); // tests hold replies back until much else has happened
            web.UseSetting("Models:CallTimeout", "600");
            web.UseSetting("Workers:DrainTimeout", "00:00:01"); // at the end there are calls that no test lets end
            web.ConfigureServices(services =>
            {
                services.Replace(ServiceDescriptor.Singleton<IChatClient>(Model));
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                foreach (var agent in TestAgents.All) services.AddSingleton(agent);
            });
        });
        Host.BeforeEach(call => call.Request.Headers[PageGuard.ClientHeader] = "tests");
        await Read("handbook.md", "# Handbook\n\n## Holidays\n\nEvery employee has thirty days of holiday a year. Unused days expire in March.\n\n"
            + "## Parking\n\nParking permits are issued by the front desk. A permit costs twelve euros a month.\n");
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();

    /// <summary>To be disposed of by the test.</summary>
    public HttpClient Client()
    {
        var client = Host.Server.CreateClient();
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        return client;
    }

    async Task Read(string source, string text) => await Host.Scenario(call =>
    {
        call.Post.Text(text).ToUrl("/documents").QueryString("source", source);
        call.StatusCodeShouldBe(200);
    });

    /// <summary>Asks for a run of the agent and gives its id.</summary>
    public async Task<Guid> Queue(string question, string agent = "research", object? more = null, string? key = null)
    {
        var posted = await Post("/runs", Body(question, agent, more), 202, key);
        return posted.GetProperty("id").GetGuid();
    }

    public static Dictionary<string, object?> Body(string question, string agent = "research", object? more = null)
    {
        var body = new Dictionary<string, object?> { ["agent"] = agent, ["question"] = question };
        foreach (var property in more?.GetType().GetProperties() ?? []) body[property.Name] = property.GetValue(more);
        return body;
    }

    public async Task<JsonElement> Post(string url, object? body, int status, string? key = null)
    {
        var result = await Host.Scenario(call =>
        {
            if (body is null) call.Post.Url(url);
            else call.Post.Json(body).ToUrl(url);
            if (key is not null) call.WithRequestHeader("Idempotency-Key", key);
            call.StatusCodeShouldBe(status);
        });
        return await JsonOf(result);
    }

    public async Task<JsonElement> Get(string url, int status = 200) => await JsonOf(await Host.Scenario(call =>
    {
        call.Get.Url(url);
        call.StatusCodeShouldBe(status);
    }));

    static async Task<JsonElement> JsonOf(IScenarioResult result)
    {
        var text = await result.ReadAsTextAsync();
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    /// <summary>The run as the API shows it, once it has one of these statuses.</summary>
    public async Task<JsonElement> Until(Guid id, params string[] statuses)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var run = await Get($"/runs/{id}");
            if (statuses.Contains(run.GetProperty("status").GetString())) return run;
            if (patience.Elapsed > Patience)
                throw new TimeoutException($"The run is {run.GetProperty("status")}, not {string.Join(" or ", statuses)}: {string.Join(", ", (await Facts(id)).Select(e => e.GetType().Name))}");
            await Task.Delay(20);
        }
    }

    public Task<JsonElement> Finished(Guid id) => Until(id, "completed", "failed", "cancelled");

    /// <summary>The run's facts, in order.</summary>
    public async Task<IReadOnlyList<RunEvent>> Facts(Guid id) => [.. (await Stored(id)).Select(e => (RunEvent)e.Data)];

    public async Task<IReadOnlyList<IEvent>> Stored(Guid id)
    {
        await using var session = Host.DocumentStore().QuerySession("default");
        return await session.Events.FetchStreamAsync(id);
    }

    /// <summary>Waits until the facts of a run fit.</summary>
    public async Task<IReadOnlyList<RunEvent>> Until(Guid id, Func<IReadOnlyList<RunEvent>, bool> fits)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var facts = await Facts(id);
            if (fits(facts)) return facts;
            if (patience.Elapsed > Patience) throw new TimeoutException($"Never came: {string.Join(", ", facts.Select(e => e.GetType().Name))}");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits for what no fact tells.</summary>
    public static async Task Until(string what, Func<Task<bool>> holds)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (!await holds())
        {
            if (patience.Elapsed > Patience) throw new TimeoutException($"Never came: {what}");
            await Task.Delay(20);
        }
    }

    public async Task<T> Scalar<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
