using Agents.Domain.Definitions;
using Agents.Host.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Cli;

/// <summary>A server on a database of its own, and verbs that talk to it. <see cref="AskTests"/> have verbs that start one for each call.</summary>
sealed class VerbServer : IAsyncDisposable
{
    readonly WebApplication app;

    VerbServer(WebApplication app) => this.app = app;

    public static Task<VerbServer> Start() => Start([], []);

    /// <param name="agents">Agents beside those of the product.</param>
    public static Task<VerbServer> Start(params AgentDefinition[] agents) => Start(agents, []);

    public static Task<VerbServer> Start(params string[] settings) => Start([], settings);

    static async Task<VerbServer> Start(IReadOnlyList<AgentDefinition> agents, IReadOnlyList<string> settings)
    {
        var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={await TestDatabase.CreatePrepared("verbs")}", .. settings],
            adjust: builder =>
            {
                builder.Logging.ClearProviders();
                foreach (var agent in agents) builder.Services.AddSingleton(agent);
            });
        await app.StartAsync();
        return new(app);
    }

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public async Task<(int ExitCode, string Output, string Errors)> Run(params string[] words)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await CommandLine.Run([.. words, "--server", Address], output, errors);
        return (exitCode, output.ToString().ReplaceLineEndings("\n"), errors.ToString().ReplaceLineEndings("\n"));
    }

    /// <summary>Begins a verb that waits.</summary>
    /// <returns>What it has printed so far, and what comes of it.</returns>
    public (Func<string> Output, Task<(int ExitCode, string Output)> Ended) Begin(params string[] words)
    {
        var printed = new StringWriter();
        var output = TextWriter.Synchronized(printed);
        return (Printed, End());

        string Printed()
        {
            lock (output) return printed.ToString().ReplaceLineEndings("\n");
        }

        async Task<(int, string)> End() => (await CommandLine.Run([.. words, "--server", Address], output, TextWriter.Null), Printed());
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
