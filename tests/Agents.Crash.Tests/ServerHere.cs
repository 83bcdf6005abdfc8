using Agents.Host.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Crash.Tests;

/// <summary>
/// A server in this process, on a port of its own: for the one that is not struck down. It starts several times faster than a
/// <see cref="ServerProcess"/>, whose every start compiles everything anew.
/// </summary>
public sealed class ServerHere : IAsyncDisposable
{
    readonly WebApplication app;

    ServerHere(WebApplication app, Uri address)
    {
        this.app = app;
        Client = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        Client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        Runs = new(Client, () => "The server is in this process.");
    }

    public HttpClient Client { get; }

    public RunsOf Runs { get; }

    /// <summary>Starts a server, which has the rig's agents: ASP.NET looks for them in the program that it runs in.</summary>
    /// <param name="settings">Such as <c>--Workers:MaxRuns=0</c>.</param>
    public static async Task<ServerHere> Start(string connection, Uri provider, params string[] settings)
    {
        var app = await Agents.Host.Server.Build(
            [
                "--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}", "--Models:Provider=openai", $"--Models:Endpoint={provider}",
                "--Models:ApiKey=test", .. settings,
            ],
            adjust: builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        var server = new ServerHere(app, new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()));
        await Rig.Until(server.IsReady, TimeSpan.FromSeconds(60), "The server in this process does not get ready.");
        return server;
    }

    async Task<bool> IsReady()
    {
        using var answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }
}
