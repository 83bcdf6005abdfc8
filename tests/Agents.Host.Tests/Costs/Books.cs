using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Alba;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Costs;

/// <summary>A server that does no runs, on a database of its own; tests store the facts of runs and look at the money.</summary>
public sealed class Books : IAsyncLifetime
{
    public string Connection { get; private set; } = "";

    public IAlbaHost Host { get; private set; } = null!;

    public NpgsqlDataSource Database => Host.Services.GetRequiredService<NpgsqlDataSource>();

    public Prices Prices => Host.Services.GetRequiredService<Prices>();

    public async ValueTask InitializeAsync()
    {
        Connection = await TestDatabase.CreatePrepared("books");
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", Connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Workers:MaxRuns", "0");
        });
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();

    /// <summary>Stores a run's facts, each in a transaction of its own, as workers do.</summary>
    public async Task<Guid> Store(string tenant, IEnumerable<RunEvent> facts, string agent = "research", ForkedFrom? forkedFrom = null)
    {
        var id = Guid.CreateVersion7();
        var version = 1L;
        await using (var session = Host.DocumentStore().LightweightSession(tenant))
        {
            session.Events.StartStream<Run>(
                id, new RunQueued(agent, 1, "none", "gpt-4o-mini", "What does it cost?", 5, "ada", TimeSpan.FromHours(1), ForkedFrom: forkedFrom));
            await session.SaveChangesAsync();
        }

        foreach (var fact in facts.Prepend(new StepStarted(0, "answer")).Prepend(new RunStarted("w1")))
        {
            await using var session = Host.DocumentStore().LightweightSession(tenant);
            session.Events.Append(id, ++version, fact);
            await session.SaveChangesAsync();
        }

        return id;
    }

    /// <summary>A call that was answered, priced by the list in force.</summary>
    public async Task<RunEvent[]> Call(int call, Usage usage, string model = "gpt-4o-mini", string tenant = "default") =>
    [
        new ModelCallScheduled(call, 1, 0, model, TimeSpan.Zero),
        new ModelCallStarted(call, 1, "w1", "hash", null, null),
        new ModelCallCompleted(
            call, 1, new("Text.", [], [], model, "stop", $"reply-{call}"), usage, null, (await Prices.InForce(tenant, default)).Of(model, usage),
            TimeSpan.FromSeconds(call), TimeSpan.FromMilliseconds(100), "openai"),
    ];

    public async Task<T> Scalar<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<IReadOnlyList<string>> Column(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await rows.ReadAsync()) found.Add(rows.GetString(0));
        return found;
    }

    public async Task<JsonElement> Get(string url, int status = 200)
    {
        var result = await Host.Scenario(call =>
        {
            call.Get.Url(url);
            call.StatusCodeShouldBe(status);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }

    public async Task Post(string url, object body, int status) => await Host.Scenario(call =>
    {
        call.Post.Json(body).ToUrl(url);
        call.StatusCodeShouldBe(status);
    });

    /// <summary>A verb, with a data directory that no other server uses.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> Run(params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var data = Path.Combine(Path.GetTempPath(), $"agents-books-{Guid.NewGuid():N}");
        var exitCode = await Agents.Host.Cli.CommandLine.Run([.. args, "--data", data], output, errors, $"--ConnectionStrings:agents={Connection}");
        if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        return (exitCode, output.ToString().ReplaceLineEndings("\n"), errors.ToString());
    }

    /// <summary>What a verb prints that does well.</summary>
    public async Task<string> Said(params string[] args)
    {
        var (exitCode, output, errors) = await Run(args);
        Assert.True(exitCode == 0, errors);
        return output;
    }

    /// <summary>A price list as JSON, of one model.</summary>
    public static string List(string version, string model, decimal input, decimal output) => PriceListFormat.Write(
        new(version, [new(model, new(input, output), null, null, "test", "a test", new(2026, 11, 1))]));
}
