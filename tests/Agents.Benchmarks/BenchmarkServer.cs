using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Agents.Host.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>The whole server in this process, on a throw-away PostgreSQL with fsync on, talked to over HTTP.</summary>
sealed class BenchmarkServer : IAsyncDisposable
{
    readonly string directory;
    readonly EmbeddedServer postgres;
    readonly WebApplication app;

    BenchmarkServer(string directory, EmbeddedServer postgres, WebApplication app)
    {
        (this.directory, this.postgres, this.app) = (directory, postgres, app);
        Client = new() { BaseAddress = new(app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) };
        Client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "benchmark");
        Database = app.Services.GetRequiredService<NpgsqlDataSource>();
    }

    public HttpClient Client { get; }

    public NpgsqlDataSource Database { get; }

    public T Service<T>() where T : notnull => app.Services.GetRequiredService<T>();

    public IEnumerable<T> Services<T>() where T : notnull => app.Services.GetServices<T>();

    /// <param name="settings">Configuration as on the command line, such as <c>--Workers:MaxRuns=8</c>.</param>
    public static async Task<BenchmarkServer> Start(IEnumerable<AgentDefinition> agents, params string[] settings)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-benchmark-{Guid.CreateVersion7():N}");
        var postgres = await EmbeddedServer.Start(directory, new EmbeddedServerOptions { MayDownload = false }, CancellationToken.None);
        var app = await Server.Build(
            ["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={postgres.ConnectionString}", .. settings], adjust: builder =>
        {
            builder.Logging.SetMinimumLevel(LogLevel.Error);
            builder.Services.AddSingleton(new ToolAssembly(Assembly.GetExecutingAssembly()));
            foreach (var agent in agents) builder.Services.AddSingleton(agent);
        });
        await app.StartAsync();
        return new(directory, postgres, app);
    }

    public async Task<Guid> Queue(string agent, string question)
    {
        using var answer = await Client.PostAsJsonAsync("/runs", new { agent, question });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public async Task<T> Scalar<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task Execute(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
        await postgres.DisposeAsync();
        await EmbeddedServer.Reset(directory, CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}
