using System.CommandLine;
using System.Text;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Agents.Host.Tools;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Agents.Host.Cli.Demo;

/// <summary>Fills a fresh database with runs of thirty simulated days, so that every page has something to show. Asks no provider.</summary>
static class DemoVerb
{
    /// <summary>The same demo each time, but for the day it ends on.</summary>
    const int Seed = 20;

    /// <summary>What people or other servers have in the database; null when it is fresh. This server has no slots.</summary>
    const string WhatIsThere =
        """
        select case
          when exists (select from agents.run_summary) then 'runs'
          when exists (select from agents.living_node where slots > 0) then 'a server that works on it'
          when exists (select from agents.api_key) then 'keys'
          when exists (select from finance.budget) then 'budgets'
          when exists (select from agents.document) then 'documents'
          when exists (select from agents.agent_version where by <> @system) then 'agents that were pushed'
          when exists (select from agents.schedule) then 'schedules'
        end
        """;

    public static Command Create(Verb verb) => verb.Does(
        new("demo", "Fills a fresh database with made-up runs of 30 days, offline, to look at the pages."), Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        if (call.Server is not null) throw new VerbException(ExitCodes.Usage, "demo fills a database itself: leave out --server.");
        if (ServerUrl.Read(call.Data) is { } running)
        {
            using var http = ServerConnection.ClientOf(running.Address);
            if (await running.Answers(http, ct))
                throw new VerbException(ExitCodes.Stopped, $"A server runs on {call.Data}. Stop it, or name a fresh directory with --data.");
        }

        var (clock, random, key) = (new DemoClock(), new Random(Seed), new OwnKey(ApiKey.NewSecret()));
        await using var app = await Server.Build(
            ["--data", call.Data, "--urls", "http://127.0.0.1:0", "--Workers:MaxRuns", "0", .. call.ServerSettings], adjust: builder =>
            {
                builder.Services.AddSingleton(key);
                builder.Logging.ClearProviders();
                builder.Host.ConfigureContainer<IServiceCollection>((_, services) => services
                    .Replace(ServiceDescriptor.Singleton<DatabaseClock>(clock))
                    .Replace(ServiceDescriptor.Singleton<IModelCalls>(all => new DemoModel(clock, random, all.GetRequiredService<ModelProviders>())))
                    .Replace(ServiceDescriptor.Singleton<ITools>(all => new DemoTools(all.GetRequiredService<ToolBox>(), clock, random))));
            });
        await using var database = app.Services.GetRequiredService<DatabaseConnection>();
        await app.StartAsync(ct);
        using var client = ServerConnection.ClientOf(new(app.Urls.First()), key.Secret);
        var runs = await Fill(call, app.Services, new(client), clock, random, ct);
        clock.Release();
        await app.StopAsync(ct);

        call.Screen.Line($"{Display.Formats.Number(runs)} runs of {DemoPlan.Days} simulated days, in {Display.Screen.Safe(database.Describe())}");
        call.Inform("All of it is made up, and called demo. Look at it:");
        var data = call.Parsed.GetValue(GlobalOptions.Data) is null ? "" : $" --data {call.Data}";
        call.Inform($"  agents serve{data}    and open {Server.DefaultUrl}/");
        return ExitCodes.Ok;
    }

    static async Task<int> Fill(Call call, IServiceProvider services, Api api, DemoClock clock, Random random, CancellationToken ct)
    {
        if (await services.GetRequiredService<NpgsqlDataSource>().First<string>(WhatIsThere, new { system = Actor.System.Name }, ct) is { } found)
            throw new VerbException(
                ExitCodes.Stopped, $"The database has {found}. demo fills a fresh one only: name another directory, such as --data ./demo.");

        var now = clock.GetUtcNow();
        await services.GetRequiredService<Prices>().Publish(
            DemoPlan.Prices, now.AddDays(-DemoPlan.Days - 1), null, "agents demo", Actor.System, isShipped: false, ct);
        foreach (var (name, definition) in DemoPlan.Agents)
            await api.PutText($"agents/{name}", Encoding.UTF8.GetBytes(definition), "application/yaml", ct);
        call.Inform("Reading the product's own documents…");
        await services.GetRequiredService<Ingest>().Folder(Tenants.Default, Path.Combine(AppContext.BaseDirectory, "docs"), null, ct);

        var told = 0;
        var filling = new DemoFilling(services, clock, (DemoModel)services.GetRequiredService<IModelCalls>(), random);
        var runs = await filling.Fill(DemoPlan.Runs(now, random), filled =>
        {
            if (filled / 50 == told) return;
            told = filled / 50;
            call.Inform($"{filled} runs…");
        }, ct);

        clock.Release();
        await api.Put("budgets/tenant/default", new { limitUsd = 25 }, ct);
        await api.Put("budgets/agent/demo-report", new { limitUsd = 5 }, ct);
        await api.Put("limits/agent:demo-report", new { maxRuns = 2 }, ct);
        await api.Post("schedules", new
        {
            name = "demo-monday", cron = "0 7 * * 1",
            run = new { agent = "research", question = "Which promises does the server make when it is killed?" },
        }, ct);
        await api.Post("schedules/demo-monday/pause", new { }, ct);
        return runs;
    }
}
