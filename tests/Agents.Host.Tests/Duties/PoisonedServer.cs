using System.Diagnostics;
using Agents.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Duties;

[CollectionDefinition(nameof(PoisonedServer))]
public sealed class PoisonedServerCollection : ICollectionFixture<PoisonedServer>;

/// <summary>A server with a database of its own, in which tests make things that the server cannot read.</summary>
public sealed class PoisonedServer : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public App App { get; } = new();

    public LogLines Log { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await App.InitializeAsync();
        App.Host.Services.GetRequiredService<ILoggerFactory>().AddProvider(Log);
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();

    /// <summary>A run that waits for an operator's approval, and so has no slot.</summary>
    public async Task<Guid> Waiting(string question, string agent = "clerk")
    {
        App.Model.Says(question, ("shred", new { document = "it" }), "Done.");
        var id = await App.Queue(question, agent);
        await App.Until(id, facts => facts.OfType<ToolCallRequested>().Any());
        return id;
    }

    /// <summary>Makes the run's checkpoint unreadable, as a damaged row or a mistake in an upgrade would.</summary>
    public async Task Poison(Guid run) =>
        Assert.Equal(1, await Execute("update agents.mt_doc_run set data = jsonb_set(data, '{status}', '\"Nonsense\"') where id = $1", run));

    public async Task Heal(Guid run, RunStatus status) =>
        Assert.Equal(1, await Execute(
            "update agents.mt_doc_run set data = jsonb_set(data, '{status}', to_jsonb($2::text)) where id = $1", run, status.ToString()));

    public async Task MakeOverdue(params Guid[] runs) =>
        Assert.Equal(runs.Length, await Execute("update agents.run_queue set deadline_at = clock_timestamp() where run_id = any($1)", runs));

    public async Task<int> Execute(string sql, params object[] values)
    {
        await using var command = App.Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task Until(Func<Task<bool>> fits, string what)
    {
        var waited = Stopwatch.StartNew();
        while (!await fits())
        {
            if (waited.Elapsed > Patience) throw new TimeoutException($"Never came: {what}");
            await Task.Delay(50);
        }
    }
}
