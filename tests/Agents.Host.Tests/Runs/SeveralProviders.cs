using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Tests.Models;
using Agents.Host.Tools;
using Alba;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>A server with two entries of providers, <c>fast</c> and <c>careful</c>, each a server of its own with a ledger.</summary>
public sealed class SeveralProviders : IAsyncLifetime
{
    public const string Model = "gpt-4o-mini";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string folder = Directory.CreateTempSubdirectory("agents-providers-").FullName;

    public FakeProvider Fast { get; private set; } = null!;

    public FakeProvider Careful { get; private set; } = null!;

    public string Connection { get; private set; } = "";

    public IAlbaHost Host { get; private set; } = null!;

    public string KeyFile => Path.Combine(folder, "careful.key");

    public string[] Ledgers => [Path.Combine(folder, "fast.jsonl"), Path.Combine(folder, "careful.jsonl")];

    /// <summary>Two tries of the first, then the second.</summary>
    static readonly AgentDefinition Steady = new()
    {
        Name = "steady", Model = $"fast/{Model}", Fallback = new([$"careful/{Model}"], Attempts: 2), Steps = [new ModelStep("talk", "Answer.")],
        Limits = new(Attempts: 2),
    };

    /// <summary>Asks for tools as long as it may, then closes.</summary>
    static readonly AgentDefinition Closer = new()
    {
        Name = "closer", Model = $"careful/{Model}", AtLimit = AtLimit.Close, Steps = [new ModelStep("work", "Do what is asked.", [new("add")])],
        Limits = new(ModelCallsPerStep: 4, OutputTokensPerCall: 1500),
    };

    public async ValueTask InitializeAsync()
    {
        Connection = await TestDatabase.CreatePrepared("providers");
        (Fast, Careful) = (await FakeProvider.Start(Ledgers[0]), await FakeProvider.Start(Ledgers[1]));
        await File.WriteAllTextAsync(KeyFile, "first-key\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", Connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            foreach (var (name, provider) in new[] { ("fast", Fast), ("careful", Careful) })
            {
                web.UseSetting($"Models:Providers:{name}:Provider", "openai");
                web.UseSetting($"Models:Providers:{name}:Endpoint", provider.Address.ToString());
            }

            web.UseSetting("Models:Providers:fast:ApiKey", "fast-key");
            web.UseSetting("Models:Providers:fast:CallTimeout", "5");
            web.UseSetting("Models:Providers:careful:ApiKeyFile", KeyFile);
            web.UseSetting("Workers:DrainTimeout", "00:00:01");
            web.ConfigureServices(services =>
            {
                services.AddSingleton(new ToolAssembly(typeof(App).Assembly));
                foreach (var agent in new[] { Steady, Closer }) services.AddSingleton(agent);
            });
        });
        Host.BeforeEach(call => call.Request.Headers[PageGuard.ClientHeader] = "tests");
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Fast.DisposeAsync();
        await Careful.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Asks, and gives the run once it has ended or stands still.</summary>
    public async Task<JsonElement> Ask(string agent, string question, decimal? budgetUsd = null)
    {
        var queued = await Send(call => call.Post.Json(new { agent, question, budgetUsd }).ToUrl("/runs"), 202);
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var run = await Send(call => call.Get.Url($"/runs/{queued.GetProperty("id")}"), 200);
            if (run.GetProperty("status").GetString() is "completed" or "failed" or "cancelled" or "parked") return run;
            if (patience.Elapsed > Patience) throw new TimeoutException($"The run is {run.GetProperty("status")}.");
            await Task.Delay(50);
        }
    }

    public async Task<JsonElement> Send(Action<Scenario> what, int status)
    {
        var result = await Host.Scenario(call =>
        {
            what(call);
            call.StatusCodeShouldBe(status);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }

    public async Task<IReadOnlyList<RunEvent>> Facts(JsonElement run)
    {
        await using var session = Host.DocumentStore().QuerySession("default");
        return [.. (await session.Events.FetchStreamAsync(run.GetProperty("id").GetGuid())).Select((IEvent fact) => (RunEvent)fact.Data)];
    }
}
