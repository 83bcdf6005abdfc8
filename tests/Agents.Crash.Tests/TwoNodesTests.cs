using System.Diagnostics;
using System.Net.Http.Json;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>Two servers on one database.</summary>
public sealed class TwoNodesTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task The_runs_of_a_killed_node_go_on_at_the_other_within_seconds()
    {
        await using var cluster = await Cluster.Start();
        var id = await cluster.First.Queue("Who takes over?");
        var (owner, other) = await cluster.OwnerOf(id);

        await owner.Kill();
        var killed = Stopwatch.StartNew();
        await Until(other, id, facts => facts.Contains("model_call_outcome_unknown"));

        Assert.True(killed.Elapsed < Soon, $"It took {killed.Elapsed}.");
        Assert.Equal("completed", (await other.Finished(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_call_is_aborted_when_its_run_is_cancelled_on_the_other_node()
    {
        await using var cluster = await Cluster.Start();
        var id = await cluster.First.Queue("Who hears the cancel?");
        var (_, other) = await cluster.OwnerOf(id);

        using var answer = await other.Client.PostAsJsonAsync($"/runs/{id}/cancel", new { reason = "enough" });
        answer.EnsureSuccessStatusCode();
        var cancelled = DateTimeOffset.UtcNow;
        var facts = await Until(other, id, facts => facts.Contains("model_call_outcome_unknown"));

        var closed = Assert.Single(cluster.Provider.Abandoned).Value - cancelled;
        TestContext.Current.TestOutputHelper?.WriteLine($"The provider's connection was closed {closed.TotalMilliseconds:0} ms after the cancel was answered.");
        Assert.True(closed < Soon, $"It took {closed}.");
        Assert.Equal(["run_cancelled", "model_call_outcome_unknown"], facts[^2..]);
        Assert.Single(cluster.Provider.Requests);
    }

    [Fact]
    public async Task A_node_that_stands_still_for_three_seconds_is_not_robbed()
    {
        await using var cluster = await Cluster.Start(firstAnswer: TimeSpan.FromSeconds(1));
        var id = await cluster.First.Queue("Who is only slow?");
        var (owner, other) = await cluster.OwnerOf(id);

        owner.Signal("STOP");
        await Task.Delay(TimeSpan.FromSeconds(3));
        owner.Signal("CONT");
        var run = await other.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(4, cluster.Provider.Requests.Count);
        Assert.DoesNotContain(await other.Facts(id), fact => fact.Type == "model_call_outcome_unknown");
    }

    [Fact]
    public async Task A_node_told_to_stop_ends_its_call_and_leaves_the_run_to_the_other()
    {
        await using var cluster = await Cluster.Start(firstAnswer: TimeSpan.FromSeconds(2));
        var id = await cluster.First.Queue("Who goes on?");
        var (owner, other) = await cluster.OwnerOf(id);

        owner.Signal("TERM");
        await owner.Died();
        var run = await other.Finished(id);
        var facts = await other.Facts(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(4, cluster.Provider.Requests.Count); // nothing was bought twice
        var workers = facts.Where(fact => fact.Type == "model_call_started").Select(fact => fact.Data.GetProperty("worker").GetString()!).ToList();
        Assert.Contains($"-{owner.Id}-", workers[0], StringComparison.Ordinal);
        Assert.All(workers[1..], worker => Assert.Contains($"-{other.Id}-", worker, StringComparison.Ordinal));
        Assert.Equal(0, await cluster.DeadLetters());
    }

    [Fact]
    public async Task A_call_longer_than_a_stopping_node_waits_is_booked_and_made_again_at_the_other()
    {
        await using var cluster = await Cluster.Start(firstAnswer: null, ("Workers__DrainTimeout", "00:00:03"));
        var id = await cluster.First.Queue("Who waits for ever?");
        var (owner, other) = await cluster.OwnerOf(id);

        owner.Signal("TERM");
        var told = Stopwatch.StartNew();
        await owner.Died();
        Assert.True(told.Elapsed < Soon, $"It ended {told.Elapsed} after it was told to.\n{owner.Output}");
        var run = await other.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(5, cluster.Provider.Requests.Count);
        var unknown = Assert.Single(await other.Facts(id), fact => fact.Type == "model_call_outcome_unknown");
        Assert.Equal("WorkerLost", unknown.Data.GetProperty("cause").GetString());
        Assert.Equal(0, await cluster.DeadLetters());
    }

    static async Task<List<string>> Until(ServerProcess server, Guid id, Func<List<string>, bool> fits)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var facts = (await server.Facts(id)).Select(fact => fact.Type).ToList();
            if (fits(facts)) return facts;
            if (waited.Elapsed > Patience) throw new TimeoutException($"{string.Join(", ", facts)}\n{server.Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Two servers, and a provider that takes its time for the first request.</summary>
    sealed class Cluster(FakeProvider provider, Task asked, string connection, ServerProcess first, ServerProcess second) : IAsyncDisposable
    {
        public FakeProvider Provider => provider;

        public ServerProcess First => first;

        /// <param name="firstAnswer">How long the first request waits for its answer. Null means for ever.</param>
        public static async Task<Cluster> Start(TimeSpan? firstAnswer = null, params (string Name, string Value)[] settings)
        {
            var (provider, asked) = (await FakeProvider.Start(), new TaskCompletionSource());
            provider.Otherwise(request =>
            {
                asked.TrySetResult();
                var answer = FakeReply.Answer($"reply {request.Number}", new(1000, 100));
                return request.Number > 1 ? answer : firstAnswer is { } delay ? answer with { Delay = delay } : FakeReply.Silence;
            });
            var connection = await TestDatabase.Create();
            var first = await ServerProcess.Start(connection, provider.Address, settings);
            return new(provider, asked.Task, connection, first, await ServerProcess.Start(connection, provider.Address, settings));
        }

        public async Task<long> DeadLetters()
        {
            await using var database = NpgsqlDataSource.Create(connection);
            await using var count = database.CreateCommand("select count(*) from wolverine.wolverine_dead_letters");
            return (long)(await count.ExecuteScalarAsync())!;
        }

        /// <summary>The server whose call has reached the provider, and the other one.</summary>
        public async Task<(ServerProcess Owner, ServerProcess Other)> OwnerOf(Guid id)
        {
            await asked.WaitAsync(Patience);
            var worker = (await first.Facts(id)).First(fact => fact.Type == "model_call_started").Data.GetProperty("worker").GetString()!;
            return worker.Contains($"-{first.Id}-", StringComparison.Ordinal) ? (first, second) : (second, first);
        }

        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
            await provider.DisposeAsync();
        }
    }
}
