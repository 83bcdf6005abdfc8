using Agents.Host.Catalog;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Tools;

namespace Agents.Host.Engine;

/// <summary>
/// Plugs the engine into PostgreSQL, Wolverine and the configured model. The simulator plugs the same engine into a world of its own.
/// </summary>
static class EnginePorts
{
    public static void AddEnginePorts(this IServiceCollection services)
    {
        services.AddSingleton<IRunLog, RunLog>();
        services.AddSingleton<RunTransactions>();
        services.AddPort<IRunTransactions, RunTransactions>();
        services.AddPort<IDefinitions, Definitions>();
        services.AddPort<ITools, ToolBox>();
        services.AddPort<IPrices, Prices>();
        services.AddPort<INode, Node>();
        services.AddSingleton<NodeSignals>();
        services.AddPort<ISignals, NodeSignals>();
        services.AddSingleton<RunQueueTable>();
        services.AddPort<IRunQueue, RunQueueTable>();
        services.AddSingleton<SetAside>();
        services.AddPort<ISetAside, SetAside>();
        services.AddSingleton<IRates, Rates>();
        services.AddSingleton<IWorkSender, WorkSender>();
        services.AddSingleton<IModelCalls, ModelCalls>();
        services.AddSingleton<IFamilies, Families>();

        services.AddSingleton<InFlight>();
        services.AddSingleton<Decisions>();
        services.AddSingleton<Redriving>();
        services.AddSingleton<Beginning>();
        services.AddSingleton<HandingOver>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<Conversations>();
        services.AddSingleton<ModelPreparation>();
        services.AddSingleton<PastRuns>();
        services.AddSingleton<ModelClaims>();
        services.AddSingleton<ModelReports>();
        services.AddSingleton<ModelWorker>();
        services.AddSingleton<RecordedTools>();
        services.AddSingleton<ToolWorker>();
        services.AddSingleton<ChildRuns>();
        services.AddSingleton<AttemptHandling>();
        services.AddSingleton<BudgetWaits>();
        services.AddSingleton<Forks>();
        services.AddSingleton<WhatIfs>();
        services.AddSingleton<UsageImporter>();
    }

    /// <summary>A service of its own that is also what the engine knows it as.</summary>
    static void AddPort<TPort, TService>(this IServiceCollection services) where TPort : class where TService : class, TPort =>
        services.AddSingleton<TPort>(provider => provider.GetRequiredService<TService>());
}
