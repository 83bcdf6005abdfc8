using System.ComponentModel;
using System.Reflection;
using Agents.Domain.Definitions;
using Agents.Host;
using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Agents.Host.Tools;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>A tool that holds its run's slot for so long, and counts how many are held at once in this process.</summary>
[Tool("hold")]
public sealed class Hold
{
    static int inside, most;

    public static int Inside => inside;

    /// <summary>The most since it was last read.</summary>
    public static int TakeMost() => Interlocked.Exchange(ref most, inside);

    [Description("Waits.")]
    public static async Task<string> Run(string milliseconds, CancellationToken ct)
    {
        var now = Interlocked.Increment(ref inside);
        for (var seen = most; now > seen; seen = most)
            if (Interlocked.CompareExchange(ref most, now, seen) == seen) break;
        try
        {
            await Task.Delay(int.Parse(milliseconds, null), ct);
            return "done";
        }
        finally
        {
            Interlocked.Decrement(ref inside);
        }
    }
}

/// <summary>Two nodes in this process on one throw-away PostgreSQL with fsync on; runs do nothing but hold a slot.</summary>
sealed class PoolCluster : IAsyncDisposable
{
    readonly string directory;
    readonly EmbeddedServer postgres;
    readonly IReadOnlyList<WebApplication> nodes;
    readonly AgentDefinition agent;

    PoolCluster(string directory, EmbeddedServer postgres, IReadOnlyList<WebApplication> nodes, AgentDefinition agent)
    {
        (this.directory, this.postgres, this.nodes, this.agent) = (directory, postgres, nodes, agent);
        Database = nodes[0].Services.GetRequiredService<NpgsqlDataSource>();
    }

    public NpgsqlDataSource Database { get; }

    /// <param name="hold">How long a run holds its slot.</param>
    public static async Task<PoolCluster> Start(int nodes, TimeSpan hold, params string[] settings)
    {
        var agent = new AgentDefinition
        {
            Name = "holder",
            Steps = [new ToolStep(
                "hold", new("hold"), new Dictionary<string, Argument> { ["milliseconds"] = new Argument.Text($"{hold.TotalMilliseconds:0}") })],
            Limits = new(Duration: TimeSpan.FromDays(1)),
        };
        var directory = Path.Combine(Path.GetTempPath(), $"agents-benchmark-{Guid.CreateVersion7():N}");
        var postgres = await EmbeddedServer.Start(directory, new EmbeddedServerOptions { MayDownload = false }, CancellationToken.None);
        var started = new List<WebApplication>();
        for (var node = 0; node < nodes; node++)
        {
            var app = await Server.Build(["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={postgres.ConnectionString}",
                "--Workers:DrainTimeout=00:00:02", .. settings], adjust: builder =>
            {
                builder.Logging.SetMinimumLevel(LogLevel.Error);
                builder.Services.AddSingleton(new ToolAssembly(Assembly.GetExecutingAssembly()));
                builder.Services.AddSingleton(agent);
            });
            await app.StartAsync();
            started.Add(app);
        }

        return new(directory, postgres, started, agent);
    }

    /// <summary>Queues runs, some hundreds in one transaction.</summary>
    public async Task<IReadOnlyList<Guid>> Queue(int runs, string tenant = "default", int priority = 5)
    {
        const int AtOnce = 500;
        var services = nodes[0].Services;
        var ids = new List<Guid>();
        while (ids.Count < runs)
        {
            await using var session = services.GetRequiredService<IDocumentStore>().LightweightSession(tenant);
            for (var left = Math.Min(AtOnce, runs - ids.Count); left > 0; left--)
                ids.Add(new NewRun(AskedAgent.Of(agent), "Hold.", priority, null, null, null, null, ThreadPlace.None, null)
                    .Queue(session, services.GetRequiredService<ModelProviders>(), new(tenant, "benchmark", null)));
            await session.SaveChangesAsync();
        }

        return ids;
    }

    public async Task<T> Scalar<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task Execute(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Seconds each of the runs waited, shortest first; those that have not started yet are left out.</summary>
    public async Task<double[]> Waits(IEnumerable<Guid> ids)
    {
        await using var command = Database.CreateCommand(
            "select extract(epoch from started_at - queued_at)::float8 from agents.run_summary where run_id = any($1) and started_at is not null order by 1");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        await using var rows = await command.ExecuteReaderAsync();
        var waits = new List<double>();
        while (await rows.ReadAsync()) waits.Add(rows.GetDouble(0));
        return [.. waits];
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.StopAsync()));
        foreach (var node in nodes) await node.DisposeAsync();
        await postgres.DisposeAsync();
        await EmbeddedServer.Reset(directory, CancellationToken.None);
        Directory.Delete(directory, recursive: true);
    }
}
