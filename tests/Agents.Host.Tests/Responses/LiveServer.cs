using Agents.Host.Http;
using Agents.Host.Tests.Responses;
using Agents.Host.Tools;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

[assembly: AssemblyFixture(typeof(LiveServer))]

namespace Agents.Host.Tests.Responses;

/// <summary>A server on a port of its own and a database of its own, for clients that want a real connection.</summary>
public sealed class LiveServer : IAsyncLifetime
{
    WebApplication app = null!;

    public ScriptedModel Model { get; } = new();

    /// <summary>What a client is told to be OpenAI's address.</summary>
    public Uri V1 => new(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()), "/v1");

    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("live");
        app = await Agents.Host.Server.Build(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}"], adjust: builder =>
        {
            builder.Logging.SetMinimumLevel(LogLevel.Error);
            builder.Services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
            foreach (var agent in TestAgents.All) builder.Services.AddSingleton(agent);
            builder.Host.ConfigureContainer<IServiceCollection>((_, services) => services.Replace(ServiceDescriptor.Singleton<IChatClient>(Model)));
        });
        await app.StartAsync();
        Client = new() { BaseAddress = new(V1, "/") };
        Client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        using var text = new StringContent(
            "# Handbook\n\n## Holidays\n\nEvery employee has thirty days of holiday a year. Unused days expire in March.\n");
        using var read = await Client.PostAsync(new Uri("/documents?source=handbook.md", UriKind.Relative), text);
        read.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }

    /// <summary>The ids of the runs that asked this.</summary>
    public async Task<IReadOnlyList<Guid>> Runs(string question)
    {
        await using var session = app.Services.GetRequiredService<IDocumentStore>().QuerySession("default");
        var runs = await session.Query<Domain.Runs.Run>().Where(run => run.Question == question).ToListAsync();
        return [.. runs.Select(run => run.Id)];
    }
}
