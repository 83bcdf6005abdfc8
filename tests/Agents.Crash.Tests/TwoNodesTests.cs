using System.Diagnostics;
using System.Net.Http.Json;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;

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
        var cancelled = Stopwatch.StartNew();
        var facts = await Until(other, id, facts => facts.Contains("model_call_outcome_unknown"));

        Assert.True(cancelled.Elapsed < Soon, $"It took {cancelled.Elapsed}.");
        Assert.Equal(["run_cancelled", "model_call_outcome_unknown"], facts[^2..]);
        Assert.Single(cluster.Provider.Requests);
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

    /// <summary>Two servers, and a provider that never answers the first request.</summary>
    sealed class Cluster(FakeProvider provider, Task asked, ServerProcess first, ServerProcess second) : IAsyncDisposable
    {
        public FakeProvider Provider => provider;

        public ServerProcess First => first;

        public static async Task<Cluster> Start()
        {
            var (provider, asked) = (await FakeProvider.Start(), new TaskCompletionSource());
            provider.Otherwise(request =>
            {
                asked.TrySetResult();
                return request.Number == 1 ? FakeReply.Silence : FakeReply.Answer($"reply {request.Number}", new(1000, 100));
            });
            var connection = await TestDatabase.Create();
            var first = await ServerProcess.Start(connection, provider.Address);
            return new(provider, asked.Task, first, await ServerProcess.Start(connection, provider.Address));
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
