using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Http;
using Agents.Host.Tests;
using Agents.Host.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

[assembly: AssemblyFixture(typeof(Agents.Web.Tests.WebServer))]

namespace Agents.Web.Tests;

/// <summary>A server on a port of its own that serves the pages, with a model that says what a test tells it to say.</summary>
public class WebServer : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    WebApplication app = null!;

    public ScriptedModel Model { get; } = new();

    public HttpClient Client { get; private set; } = null!;

    public Uri Address => Client.BaseAddress!;

    public NpgsqlDataSource Database => app.Services.GetRequiredService<NpgsqlDataSource>();

    public IServiceProvider Services => app.Services;

    protected virtual Task Prepare(NpgsqlDataSource database) => Task.CompletedTask;

    public virtual async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("web");
        await using (var database = NpgsqlDataSource.Create(connection)) await Prepare(database);
        app = await Agents.Host.Server.Build(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}"], adjust: builder =>
        {
            builder.Logging.SetMinimumLevel(LogLevel.Error);
            builder.Services.AddSingleton(new ToolAssembly(typeof(WebServer).Assembly));
            foreach (var agent in TestAgents.All) builder.Services.AddSingleton(agent);
            builder.Host.ConfigureContainer<IServiceCollection>((_, services) => services.Replace(ServiceDescriptor.Singleton<IChatClient>(Model)));
        });
        await app.StartAsync();
        Client = new() { BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
        Client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public async Task Read(string source, string text)
    {
        using var body = new StringContent(text);
        using var answer = await Client.PostAsync(Path($"/documents?source={Uri.EscapeDataString(source)}"), body);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<Guid> Ask(string question, string agent = "talker", IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var answer = await Client.PostAsJsonAsync(Path("/runs"), new { agent, question, metadata });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public async Task<JsonElement> Get(string path) => await Client.GetFromJsonAsync<JsonElement>(Path(path));

    /// <summary>The run once it has one of these statuses.</summary>
    public async Task<JsonElement> Until(Guid id, params string[] statuses)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var run = await Get($"/runs/{id}");
            if (statuses.Contains(run.GetProperty("status").GetString())) return run;
            if (waited.Elapsed > Patience)
                throw new TimeoutException($"The run is {run.GetProperty("status")}, not {string.Join(" or ", statuses)}.");
            await Task.Delay(30);
        }
    }

    static Uri Path(string path) => new(path, UriKind.Relative);
}
