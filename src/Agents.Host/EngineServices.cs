using Agents.Host.Engine;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Evidence;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Schedules;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Wolverine;

namespace Agents.Host;

/// <summary>What works on runs: this node, its workers and its duties.</summary>
static class EngineServices
{
    public static void AddEngine(
        this WebApplicationBuilder builder, WorkerOptions workers, ModelProviders models, WebhookOptions webhooks, CostOptions costs,
        EvidenceOptions evidence)
    {
        var services = builder.Services;
        services.AddSingleton(workers);
        services.AddSingleton(costs);
        services.AddSingleton(evidence);
        services.AddSingleton<EvidenceCheckpoints>();
        services.AddSingleton(webhooks);
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<WebhookSender>(provider, provider.GetRequiredService<DatabaseClock>()));
        services.Configure<HostOptions>(host => host.ShutdownTimeout = workers.DrainTimeout + TimeSpan.FromSeconds(5));

        services.AddHostedInstance<Prices>();
        services.AddEnginePorts();
        services.AddHostedInstance<Node>();
        services.AddHostedService<Announcements>();
        services.AddHostedInstance<Deltas>();
        var longestCall = models.All.Select(entry => entry.CallTimeout).Append(workers.ToolTimeout).Max();
        builder.Host.UseWolverine(
            wolverine => WolverineSettings.Apply(wolverine, workers, longestCall),
            ExtensionDiscovery.ManualOnly); // by default it loads every library to look for extensions
        services.AddHostedService<SafeSettings>();
        if (workers.MaxRuns > 0) services.AddWork();

        services.AddSingleton<LimitStore>();
        services.AddSingleton<PauseStore>();
        services.AddSingleton<NodeStore>();
        services.AddSingleton<QueueReader>();
        services.AddSingleton<QueueBound>();
        services.AddSingleton<BudgetStore>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<RateStore>();
        builder.AddTelemetry();
    }

    /// <summary>What a node does of itself, when it works on runs at all.</summary>
    static void AddWork(this IServiceCollection services)
    {
        services.AddHostedInstance<Admission>();
        services.AddDuties();
        services.AddHostedInstance<Draining>();
    }
}
