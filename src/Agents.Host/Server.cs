using Agents.Host.Api;
using Agents.Host.Api.Batches;
using Agents.Host.Api.Responses;
using Agents.Host.Api.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Agents.Host.Streaming;
using Agents.Host.Tools;
using Agents.Projections;
using Marten;
using Microsoft.Extensions.AI;
using Npgsql;
using Wolverine;
using Wolverine.Http;
using Wolverine.Marten;

namespace Agents.Host;

/// <summary>Puts the server together. Reads top to bottom: database, store, workers, models, knowledge, HTTP.</summary>
public static class Server
{
    /// <summary>Where the server listens when nothing is said.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Largest request body, but for documents: 1 MiB.</summary>
    const long RequestBytes = 1024 * 1024;

    /// <summary>Builds the server, with a PostgreSQL of its own when none is configured. It does not listen yet.</summary>
    /// <param name="needsDatabase">False for commands that only look at the code.</param>
    public static async Task<WebApplication> Build(string[] args, bool needsDatabase = true, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        if (builder.Configuration["urls"] is null) builder.WebHost.UseUrls(DefaultUrl);
        adjust?.Invoke(builder);
        var models = ModelsOf(builder.Configuration); // all before the database is started: they refuse what is wrong
        var workers = WorkerOptions.From(builder.Configuration);
        var longestCall = models.CallTimeout > workers.ToolTimeout ? models.CallTimeout : workers.ToolTimeout;
        var webhooks = WebhookOptions.From(builder.Configuration);
        var costs = CostOptions.From(builder.Configuration);

        var database = await DatabaseConnection.Find(builder.Configuration, DatabaseConnection.DirectoryOf(args), needsDatabase);
        await RefuseOpenDoors(builder.Configuration, database, needsDatabase);
        builder.Services.AddSingleton(workers);
        builder.Services.AddSingleton(costs);
        builder.Services.AddSingleton(webhooks);
        builder.Services.AddSingleton(services => new WebhookSender(webhooks, services.GetRequiredService<DatabaseClock>(), services.GetRequiredService<ILogger<WebhookSender>>()));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = workers.DrainTimeout + TimeSpan.FromSeconds(5));

        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(database.ConnectionString));
        builder.Services.AddSingleton<DatabaseClock>();
        builder.Services.AddHostedService<DatabaseSetup>(); // first: everything after it finds its tables
        builder.Services.AddHostedInstance<Prices>();
        builder.Services.AddMarten(services =>
            {
                var store = new StoreOptions();
                store.AddRunStore(workers.FairnessKey);
                store.Connection(services.GetRequiredService<NpgsqlDataSource>());
                store.Events.TimeProvider = services.GetRequiredService<DatabaseClock>();
                store.Listeners.Add(services.GetRequiredService<NodeSignals>());
                store.Listeners.Add(new RunEndings(services.GetRequiredService<NpgsqlDataSource>()));
                return store;
            })
            .UseLightweightSessions()
            .IntegrateWithWolverine(integration => integration.MessageStorageSchemaName = "wolverine");

        builder.Services.AddSingleton<InFlight>();
        builder.Services.AddSingleton<NodeSignals>();
        builder.Services.AddHostedInstance<Node>();
        builder.Services.AddHostedService<Announcements>();
        builder.Services.AddSingleton<FactLog>();
        builder.Services.AddHostedInstance<Deltas>();
        builder.Services.AddHostedInstance<RunHubs>();
        builder.Services.AddHostedInstance<Departures>();
        builder.Services.AddHostedInstance<Tail>();
        builder.Services.AddSingleton<Redriving>();
        builder.Services.AddSingleton<Decisions>();
        builder.Host.UseWolverine(wolverine => WolverineSettings.Apply(wolverine, workers, longestCall));
#if MUTANTS
        if (!Domain.Mutation.Without("message ids"))
#endif
        builder.Services.AddHostedService<SafeSettings>();
        if (workers.MaxRuns > 0)
        {
            builder.Services.AddHostedInstance<Admission>();
#if MUTANTS
            if (Domain.Mutation.Without("watchdog")) builder.Services.AddSingleton<Watchdog>();
            else
#endif
            builder.Services.AddHostedInstance<Watchdog>();
            builder.Services.AddHostedService<BudgetWatch>();
            builder.Services.AddHostedService<Scheduler>();
            builder.Services.AddHostedService<BudgetAlerts>();
            builder.Services.AddHostedService<DayClosing>();
            builder.Services.AddHostedInstance<Draining>();
        }

        builder.Services.AddSingleton<LimitStore>();
        builder.Services.AddSingleton<PauseStore>();
        builder.Services.AddSingleton<NodeStore>();
        builder.Services.AddSingleton<QueueReader>();
        builder.Services.AddSingleton<WhyReader>();
        builder.Services.AddSingleton<BudgetStore>();
        builder.Services.AddSingleton<QueueBound>();
        builder.Services.AddSingleton<BatchReader>();
        builder.Services.AddSingleton<ScheduleStore>();
        builder.Services.AddSingleton<DeadLetterLog>();
        builder.Services.AddSingleton<UsageImporter>();
        builder.Services.AddSingleton<Definitions>();
        builder.Services.AddSingleton<ToolBox>();
        builder.Services.AddSingleton<AgentCatalog>();
        builder.Services.AddSingleton<ToolWorker>();
        builder.Services.AddSingleton<ChildRuns>();
        builder.Services.AddSingleton<Forks>();
        builder.Services.AddSingleton<Threads>();
        builder.Services.AddSingleton<RateLimits>();
        builder.Services.AddSingleton<RateStore>();
        builder.Services.AddSingleton<ModelWorker>();
        builder.Services.AddSingleton(models);
        builder.Services.AddSingleton(services => ChatClients.Create(services.GetRequiredService<ModelOptions>()).AsBuilder().UseOpenTelemetry().Build());

        builder.Services.AddSingleton(new KnowledgeLimits());
        builder.Services.AddSingleton<PassageIndex>();
        builder.Services.AddSingleton<Documents>();
        builder.Services.AddSingleton<Ingest>();

        builder.AddTelemetry();
        builder.Services.AddHealth();
        builder.Services.AddProblems();
        builder.Services.AddAccess(builder.Configuration);
        builder.Services.AddSingleton<RunReader>();
        builder.Services.AddSingleton<RunFollower>();
        builder.Services.AddSingleton<TenantFollower>();
        builder.Services.AddSingleton<ResponseReader>();
        builder.Services.AddSingleton<ResponseWriter>();
        builder.Services.AddSingleton<NewResponse>();
        builder.Services.AddSingleton<ApprovalAnswers>();
        builder.Services.AddWolverineHttp();
        builder.Services.AddReference();
        builder.Services.ConfigureHttpJsonOptions(json => JsonFormat.Configure(json.SerializerOptions));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestBytes);

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHealth();
        app.MapMetrics();
        app.MapReference();
        app.MapWolverineEndpoints(http =>
        {
            http.WarmUpRoutes = RouteWarmup.Eager;
            http.TenantId.IsClaimTypeNamed(Caller.TenantClaim);
            http.ConfigureEndpoints(chain => chain.Metadata.RequireAuthorization(Permissions.Of(chain.RoutePattern!.RawText!, chain.HttpMethods)));
            http.RejectUnparseableQueryValues = true;
            http.RejectUnparseableHeaderValues = true;
        });
        return app;
    }

    static async Task RefuseOpenDoors(IConfiguration configuration, DatabaseConnection database, bool needsDatabase)
    {
        try
        {
            await ListenAddresses.RefuseBeyondLoopback(
                configuration, async () => needsDatabase && await KeyStore.HasKeys(database.ConnectionString, CancellationToken.None));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    static ModelOptions ModelsOf(IConfiguration configuration)
    {
        try
        {
            return ModelOptions.From(configuration);
        }
        catch (InvalidOperationException wrong)
        {
            throw new StartRefusedException(wrong.Message);
        }
    }

    /// <summary>One instance, as a service and as a hosted service.</summary>
    static void AddHostedInstance<T>(this IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
