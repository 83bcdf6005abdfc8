using Agents.Host.Catalog;
using Agents.Host.Engine.Evidence;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Agents.Host.Tools;

namespace Agents.Host;

/// <summary>Puts the server together: the store, the streams, the engine, the models, the API.</summary>
public static class Server
{
    /// <summary>Where the server listens when nothing is said.</summary>
    public const string DefaultUrl = "http://127.0.0.1:5080";

    /// <summary>Builds the server, with a PostgreSQL of its own when none is configured. It does not listen yet.</summary>
    /// <param name="needsDatabase">False for commands that only look at the code.</param>
    /// <exception cref="StartRefusedException">A setting is wrong; the message names it.</exception>
    public static async Task<WebApplication> Build(string[] args, bool needsDatabase = true, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        if (builder.Configuration["urls"] is null) builder.WebHost.UseUrls(DefaultUrl);
        adjust?.Invoke(builder);

        // What is wrong in the settings is refused before the database is started.
        KnownSettings.RefuseUnknown(builder.Configuration);
        var models = ModelProviders.From(builder.Configuration);
        var agents = AgentOptions.From(builder.Configuration);
        var workers = WorkerOptions.From(builder.Configuration);
        var webhooks = WebhookOptions.From(builder.Configuration);
        var costs = CostOptions.From(builder.Configuration);
        var evidence = EvidenceOptions.From(builder.Configuration);
        var callers = CallerOptions.From(builder.Configuration);
        var database = await DatabaseConnection.Find(builder.Configuration, DatabaseConnection.DirectoryOf(args), needsDatabase);
        await ListenAddresses.RefuseBeyondLoopback(builder.Configuration, database, needsDatabase);

        builder.AddStore(database, workers, needsDatabase);
        builder.AddStreaming();
        builder.AddEngine(workers, models, webhooks, costs, evidence);
        builder.AddModels(models, agents);
        builder.AddApi(callers);

        var app = builder.Build();
        _ = Task.Run(app.Services.GetService<ToolBox>); // takes long to make, and endpoints want it; what is wrong in it shows when they ask for it
        app.MapApi();
        return app;
    }
}
