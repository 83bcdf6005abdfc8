using System.ComponentModel;
using System.Reflection;
using Agents.Crash.Tests.Scenarios;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Tools;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

[assembly: HostingStartup(typeof(AddedAgents))]

namespace Agents.Crash.Tests.Scenarios;

/// <summary>What the rig adds to a server that it starts, through the host's own door for it: an agent whose model may call tools.</summary>
public sealed class AddedAgents : IHostingStartup
{
    /// <summary>One model step with two tools.</summary>
    public const string Handy = "handy";

    /// <summary>Asks <see cref="Handy"/>.</summary>
    public const string Delegating = "delegating";

    /// <summary>Waits three seconds, then asks a model.</summary>
    public const string Napping = "napping";

    /// <summary>Waits for the signal <c>open</c>, asks a model, and waits for the signal <c>signed</c>, whose payload is the answer.</summary>
    public const string Gated = "gated";

    /// <summary>The environment variable that makes the server look here.</summary>
    public const string Variable = "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES";

    static readonly Assembly Here = typeof(AddedAgents).Assembly;

    /// <summary>For <see cref="Variable"/>.</summary>
    public static string Name => Here.GetName().Name!;

    /// <summary>Arguments of <c>dotnet</c> that let the server find this assembly.</summary>
    public static IEnumerable<string> Runtime() =>
    [
        "exec",
        "--depsfile", Path.Combine(AppContext.BaseDirectory, $"{Name}.deps.json"),
        "--runtimeconfig", Path.Combine(AppContext.BaseDirectory, $"{Name}.runtimeconfig.json"),
    ];

    public void Configure(IWebHostBuilder builder) => builder.ConfigureServices(services => services
        .AddSingleton(new ToolAssembly(Here))
        .AddSingleton(new AgentDefinition
        {
            Name = Handy,
            Steps = [new ModelStep("work", "Call tools, then answer.", [new(Repeater.Name), new("search_documents")])],
        })
        .AddSingleton(new AgentDefinition
        {
            Name = Delegating,
            Steps = [new ModelStep("work", "Have it done, then answer.", [new(ChildOf.Tool, Agents: [Handy])])],
        })
        .AddSingleton(new AgentDefinition
        {
            Name = Napping,
            Steps = [new WaitStep("nap", For: TimeSpan.FromSeconds(3)), new ModelStep("work", "Answer.")],
        })
        .AddSingleton(new AgentDefinition
        {
            Name = Gated,
            Steps = [new WaitStep("gate", Signal: "open"), new ModelStep("work", "Answer."), new WaitStep("sign", Signal: "signed")],
        }));
}

/// <summary>Says a word some times.</summary>
[Tool(Name)]
public static class Repeater
{
    public const string Name = "repeat";

    [Description("Says a word some times.")]
    public static string Run([Description("The word.")] string word, [Description("1 to 10.")] int times = 1) =>
        string.Join(' ', Enumerable.Repeat(word, Math.Clamp(times, 1, 10)));
}
