using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>Two servers on one database.</summary>
public sealed class TwoNodesTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(30); // on a machine that runs all tests at once

    [Fact]
    public async Task The_runs_of_a_killed_node_go_on_at_the_other_within_seconds()
    {
        await using var cluster = await Cluster.Start(NoFirstAnswer);
        var (owner, other) = (cluster.First, cluster.Second);
        var id = await cluster.QueueAtFirst("Who takes over?");

        await owner.Kill();
        var killed = Stopwatch.StartNew();
        await other.Runs.Until(id, facts => facts.Contains("model_call_outcome_unknown"));

        Assert.True(killed.Elapsed < Soon, $"It took {killed.Elapsed}.");
        Assert.Equal("completed", (await other.Runs.Finished(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_call_is_aborted_when_its_run_is_cancelled_on_the_other_node()
    {
        await using var cluster = await Cluster.Start(NoFirstAnswer);
        var other = cluster.Second;
        var id = await cluster.QueueAtFirst("Who hears the cancel?");

        using var answer = await other.Client.PostAsJsonAsync($"/runs/{id}/cancel", new { reason = "enough" });
        answer.EnsureSuccessStatusCode();
        var cancelled = DateTimeOffset.UtcNow;
        var facts = await other.Runs.Until(id, facts => facts.Contains("model_call_outcome_unknown"));

        var closed = Assert.Single(cluster.Provider.Abandoned).Value - cancelled;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"The provider's connection was closed {closed.TotalMilliseconds:0} ms after the cancel was answered.");
        Assert.True(closed < Soon, $"It took {closed}.");
        Assert.Equal(["run_cancelled", "model_call_outcome_unknown"], facts.TakeLast(2).Select(fact => fact.Type));
        Assert.Single(cluster.Provider.Requests);
    }

    [Fact]
    public async Task A_node_that_stands_still_for_three_seconds_is_not_robbed()
    {
        await using var cluster = await Cluster.Start(FirstAnswerAfter(TimeSpan.FromSeconds(1)));
        var (owner, other) = (cluster.First, cluster.Second);
        var id = await cluster.QueueAtFirst("Who is only slow?");

        owner.Signal("STOP");
        await Task.Delay(TimeSpan.FromSeconds(3));
        owner.Signal("CONT");
        var run = await other.Runs.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(4, cluster.Provider.Requests.Count);
        Assert.DoesNotContain(await other.Runs.Facts(id), fact => fact.Type == "model_call_outcome_unknown");
    }

    [Fact]
    public async Task A_node_told_to_stop_ends_its_call_and_leaves_the_run_to_the_other()
    {
        await using var cluster = await Cluster.Start(FirstAnswerAfter(TimeSpan.FromSeconds(6))); // a busy machine takes seconds to tell a process
        var (owner, other) = (cluster.First, cluster.Second);
        var id = await cluster.QueueAtFirst("Who goes on?");

        owner.Signal("TERM");
        await owner.Died();
        var run = await other.Runs.Finished(id);
        var facts = await other.Runs.Facts(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(4, cluster.Provider.Requests.Count); // nothing was bought twice
        var workers = facts.Where(fact => fact.Type == "model_call_started").Select(fact => fact.Data.GetProperty("worker").GetString()!).ToList();
        Assert.Contains($"-{owner.Id}-", workers[0], StringComparison.Ordinal);
        Assert.All(workers[1..], worker => Assert.Contains($"-{Environment.ProcessId}-", worker, StringComparison.Ordinal));
        Assert.Equal(0, await cluster.DeadLetters());
    }

    [Fact]
    public async Task A_call_longer_than_a_stopping_node_waits_is_booked_and_made_again_at_the_other()
    {
        await using var cluster = await Cluster.Start(NoFirstAnswer, ("Workers__DrainTimeout", "00:00:03"));
        var (owner, other) = (cluster.First, cluster.Second);
        var id = await cluster.QueueAtFirst("Who waits for ever?");

        owner.Signal("TERM");
        var told = Stopwatch.StartNew();
        await owner.Died();
        Assert.True(told.Elapsed < Soon, $"It ended {told.Elapsed} after it was told to.\n{owner.Output}");
        var run = await other.Runs.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(5, cluster.Provider.Requests.Count);
        var unknown = Assert.Single(await other.Runs.Facts(id), fact => fact.Type == "model_call_outcome_unknown");
        Assert.Equal("WorkerLost", unknown.Data.GetProperty("cause").GetString());
        Assert.Equal(0, await cluster.DeadLetters());
    }

    [Fact]
    public async Task The_models_words_reach_the_readers_of_the_other_node_late_ones_too()
    {
        await using var cluster = await Cluster.Start(request =>
            FakeReply.Answer(
                $"Word by word by word by word, reply {request.Number}.", new(1000, 100)) with { BetweenFrames = TimeSpan.FromMilliseconds(400) });
        var other = cluster.Second;
        var id = await cluster.QueueAtFirst("Who hears the words elsewhere?");

        var (pieces, text, late, lateText) = (0, "", (Task<string>?)null, "");
        await foreach (var frame in Frames(other, id))
        {
            if (frame.EventType == "delta")
            {
                var delta = JsonSerializer.Deserialize<JsonElement>(frame.Data);
                Assert.Equal(text.Length, delta.GetProperty("offset").GetInt32());
                text += delta.GetProperty("text").GetString();
                if (++pieces == 2) late = FirstReply(other, id);
            }

            if (frame.EventType != "model_call_completed") continue;
            Assert.Equal(Text(frame), text);
            Assert.True(pieces > 2, $"The words came in {pieces} pieces.");
            break;
        }

        lateText = await late!;
        Assert.Equal(text, lateText);
        Assert.Equal("completed", (await other.Runs.Finished(id)).GetProperty("status").GetString());
        var waited = Stopwatch.StartNew();
        while (await cluster.Count("agents.delta") > 0)
        {
            Assert.True(waited.Elapsed < Patience, "Words of calls that have ended are still there.");
            await Task.Delay(50);
        }

        static string Text(SseItem<string> completed) =>
            JsonSerializer.Deserialize<JsonElement>(completed.Data).GetProperty("data").GetProperty("reply").GetProperty("text").GetString()!;

        static async Task<string> FirstReply(ServerHere server, Guid id)
        {
            var text = "";
            await foreach (var frame in Frames(server, id))
            {
                if (frame.EventType == "delta") text += JsonSerializer.Deserialize<JsonElement>(frame.Data).GetProperty("text").GetString();
                if (frame.EventType == "model_call_completed") break;
            }

            return text;
        }

        static async IAsyncEnumerable<SseItem<string>> Frames(ServerHere server, Guid id)
        {
            using var answer = await server.Client.GetAsync($"/runs/{id}/stream", HttpCompletionOption.ResponseHeadersRead);
            await using var body = await answer.Content.ReadAsStreamAsync();
            await foreach (var frame in SseParser.Create(body).EnumerateAsync()) yield return frame;
        }
    }

    static FakeReply Answer(FakeRequest request) => FakeReply.Answer($"reply {request.Number}", new(1000, 100));

    static FakeReply NoFirstAnswer(FakeRequest request) => request.Number > 1 ? Answer(request) : FakeReply.Silence;

    static Func<FakeRequest, FakeReply> FirstAnswerAfter(TimeSpan delay) => request =>
        request.Number > 1 ? Answer(request) : Answer(request) with { Delay = delay };

    /// <summary>Two servers: one that can be struck down, and one that sees it.</summary>
    sealed class Cluster(FakeProvider provider, Task asked, string connection, ServerProcess first, ServerHere second) : IAsyncDisposable
    {
        public FakeProvider Provider => provider;

        public ServerProcess First => first;

        public ServerHere Second => second;

        /// <param name="settings">Environment variables of the first server.</param>
        public static async Task<Cluster> Start(Func<FakeRequest, FakeReply> reply, params (string Name, string Value)[] settings)
        {
            var (provider, asked) = (await FakeProvider.Start(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            provider.Otherwise(request =>
            {
                asked.TrySetResult();
                return reply(request);
            });
            var connection = await TestDatabase.CreatePrepared();
            var (first, second) = (ServerProcess.Start(connection, provider.Address, settings), ServerHere.Start(connection, provider.Address));
            await Task.WhenAll(first, second);
            return new(provider, asked.Task, connection, await first, await second);
        }

        /// <summary>Queues a run that the first server works on. Gives its id when its model was asked.</summary>
        public async Task<Guid> QueueAtFirst(string question)
        {
            await ChangeSecond("drain");
            var id = await first.Runs.Queue(question);
            await asked.WaitAsync(Patience);
            await ChangeSecond("resume");
            var started = (await first.Runs.Facts(id)).First(fact => fact.Type == "model_call_started");
            Assert.Contains($"-{first.Id}-", started.Data.GetProperty("worker").GetString()!, StringComparison.Ordinal);
            return id;
        }

        /// <param name="how">drain or resume.</param>
        async Task ChangeSecond(string how)
        {
            var nodes = (await second.Client.GetFromJsonAsync<JsonElement>("/nodes")).GetProperty("items").EnumerateArray()
                .Select(node => node.GetProperty("name").GetString()!);
            var name = nodes.Single(node => node.Contains($"-{Environment.ProcessId}-", StringComparison.Ordinal));
            using var answer = await second.Client.PostAsync(new Uri($"/nodes/{name}/{how}", UriKind.Relative), null);
            answer.EnsureSuccessStatusCode();
        }

        public Task<long> DeadLetters() => Count("wolverine.wolverine_dead_letters");

        public async Task<long> Count(string table)
        {
            await using var database = NpgsqlDataSource.Create(connection);
            await using var count = database.CreateCommand($"select count(*) from {table}");
            return (long)(await count.ExecuteScalarAsync())!;
        }

        public async ValueTask DisposeAsync()
        {
            await first.DisposeAsync();
            await second.DisposeAsync();
            await provider.DisposeAsync();
        }
    }
}
