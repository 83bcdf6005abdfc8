using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Log;
using Agents.Host.Postgres;
using Agents.Projections;
using JasperFx;
using Marten;
using Npgsql;
using Wolverine.Marten;

namespace Agents.Host;

/// <summary>The database, and in it the facts, the read models and the messages.</summary>
static class StoreServices
{
    public static void AddStore(this WebApplicationBuilder builder, DatabaseConnection database, WorkerOptions workers, bool needsDatabase)
    {
        var services = builder.Services;
        services.AddSingleton(database);
        if (database.Embedded is { } own) services.AddSingleton(own).AddHostedService<ServerWatch>();
        var source = NpgsqlDataSource.Create(database.ConnectionString);
        services.AddSingleton(_ => source); // by a function, so that it is disposed with the server
        services.AddSingleton(new EarlyLook(source, needsDatabase));
        services.AddSingleton<DatabaseClock>();
        services.AddHostedService<DatabaseSetup>(); // first: everything after it finds its tables
        services.AddMarten(provider =>
            {
                var store = new StoreOptions();
                store.AddRunStore(workers.FairnessKey);
                store.AutoCreateSchemaObjects = AutoCreate.None; // DatabaseSetup does it: the first run of a process does not wait for it
                store.Connection(provider.GetRequiredService<NpgsqlDataSource>());
                store.Events.TimeProvider = provider.GetRequiredService<DatabaseClock>();
                store.Listeners.Add(provider.GetRequiredService<RecentRuns>()); // before the messages are sent that build on what was stored
                store.Listeners.Add(provider.GetRequiredService<NodeSignals>());
                store.Listeners.Add(ActivatorUtilities.CreateInstance<RunEndings>(provider));
                return store;
            })
            .UseLightweightSessions()
            .IntegrateWithWolverine(integration => integration.MessageStorageSchemaName = "wolverine");

        services.AddSingleton(provider => new RecentRuns(provider.GetRequiredService<DatabaseClock>()));
        services.AddSingleton<FactLog>();
        services.AddSingleton<NumberedFacts>();
        services.AddSingleton<Threads>();
        services.AddSingleton<DeadLetterLog>();
        services.AddSingleton<ChangeLog>();
    }
}
