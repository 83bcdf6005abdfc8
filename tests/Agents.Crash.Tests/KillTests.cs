using System.Collections.Concurrent;
using System.Text.Json;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>kill -9 of the only server in the middle of a run, then a fresh start: the run goes on from its last fact.</summary>
public sealed class KillTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan ResumesWithin = TimeSpan.FromSeconds(10);
    static readonly string[] Steps = ["plan", "search", "analyze", "synthesize", "respond"];

    [Fact]
    public async Task A_server_killed_while_models_answer_goes_on_and_keeps_the_lost_calls_on_the_bill()
    {
        int[] lostCalls = [1, 2, 3, 4]; // each of another run: in its steps plan, analyze, synthesize and respond
        await using var provider = await FakeProvider.Start();
        var asked = lostCalls.ToDictionary(call => call, _ => new TaskCompletionSource());
        var made = new ConcurrentDictionary<int, int>();
        provider.Otherwise(request =>
        {
            var lost = lostCalls.Single(call => request.Body.Contains(Question(call), StringComparison.Ordinal));
            if (made.AddOrUpdate(lost, 1, (_, calls) => calls + 1) != lost) return FakeReply.Answer($"reply {request.Number}", new(1000, 100));
            asked[lost].TrySetResult();
            return FakeReply.Silence;
        });
        var connection = await TestDatabase.CreatePrepared();

        var ids = new Dictionary<int, Guid>();
        await using (var first = await ServerProcess.Start(connection, provider.Address))
        {
            foreach (var call in lostCalls) ids[call] = await first.Runs.Queue(Question(call));
            await Task.WhenAll(asked.Values.Select(call => call.Task)).WaitAsync(Patience);
            await first.Kill();
        }

        var restarted = DateTimeOffset.UtcNow;
        await using var second = await ServerHere.Start(connection, provider.Address);
        foreach (var (call, id) in ids)
        {
            var run = await second.Runs.Finished(id);
            var facts = await second.Runs.Facts(id);

            AssertWhole(run, facts);
            var unknown = Assert.Single(facts, fact => fact.Type == "model_call_outcome_unknown");
            Assert.Equal(
                (call, 1, "WorkerLost"),
                (unknown.Data.GetProperty("call").GetInt32(), unknown.Data.GetProperty("attempt").GetInt32(),
                    unknown.Data.GetProperty("cause").GetString()));
            Assert.True(unknown.Data.GetProperty("highUsd").GetDecimal() > 0);
            Assert.True(
                unknown.At - restarted < ResumesWithin, $"The run that lost call {call} was resumed {unknown.At - restarted} after the start.");
            Assert.Equal(5, made[call]); // four calls, and the one that was lost
            Assert.Equal(4, facts.Count(fact => fact.Type == "model_call_completed"));
            Assert.Equal(1, run.GetProperty("unconfirmedUsd").GetProperty("calls").GetInt32());
        }

        static string Question(int call) => $"Who survives the loss of call {call}?";
    }

    [Theory]
    [InlineData("before-intent-commit:1:kill", 0)] // before anything of a call is stored: nothing was bought
    [InlineData("after-intent-commit:1:kill", 1)] // the intent is stored, the request not sent: it may have been sent, no server can tell
    [InlineData("reply-complete:1:kill", 1)] // answered and paid, but not stored
    [InlineData("before-outcome-commit:2:kill", 0)] // in the search step: a search may be repeated
    [InlineData("after-start-commit:1:kill", 0)] // admitted, its first work not sent
    public async Task A_server_killed_at_a_boundary_goes_on(string fault, int unknown)
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(request => FakeReply.Answer($"reply {request.Number}", new(1000, 100)));
        var connection = await TestDatabase.CreatePrepared();

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address, ("AGENTS_FAULT", fault)))
        {
            id = await first.Runs.Queue("Who survives?");
            await first.Died();
        }

        await using var second = await ServerHere.Start(connection, provider.Address);
        var run = await second.Runs.Finished(id);
        var facts = await second.Runs.Facts(id);

        AssertWhole(run, facts);
        Assert.Equal(unknown, facts.Count(fact => fact.Type == "model_call_outcome_unknown"));
        var bought = facts.Count(fact => fact.Type == "model_call_completed");
        Assert.InRange(provider.Requests.Count, bought, bought + unknown);
    }

    [Fact]
    public async Task A_call_whose_worker_died_stays_on_the_bill_though_its_run_was_cancelled_before_another_server_noticed()
    {
        await using var provider = await FakeProvider.Start();
        var asked = new TaskCompletionSource();
        provider.Otherwise(_ =>
        {
            asked.TrySetResult();
            return FakeReply.Silence;
        });
        var connection = await TestDatabase.CreatePrepared();

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address))
        {
            id = await first.Runs.Queue("Who pays?");
            await asked.Task.WaitAsync(Patience);
            await first.Kill();
        }

        await using (var onlyAnswers = await ServerHere.Start(connection, provider.Address, "--Workers:MaxRuns=0"))
        {
            using var cancelled = await onlyAnswers.Client.PostAsync(new Uri($"/runs/{id}/cancel", UriKind.Relative), null);
            cancelled.EnsureSuccessStatusCode();
        }

        await using var second = await ServerProcess.Start(connection, provider.Address);
        await second.Runs.Until(id, facts => facts[^1] == "model_call_outcome_unknown");

        Assert.Single(provider.Requests);
        Assert.Equal(1, (await second.Runs.Finished(id)).GetProperty("unconfirmedUsd").GetProperty("calls").GetInt32());
    }

    /// <summary>Completed, every version once, every step once and in order.</summary>
    static void AssertWhole(JsonElement run, IReadOnlyList<ShownFact> facts)
    {
        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(Enumerable.Range(1, facts.Count).Select(version => (long)version), facts.Select(fact => fact.Version));
        Assert.Equal(Steps, facts.Where(fact => fact.Type == "step_started").Select(fact => fact.Data.GetProperty("name").GetString()));
        Assert.Equal([0, 1, 2, 3, 4], facts.Where(fact => fact.Type == "step_completed").Select(fact => fact.Data.GetProperty("step").GetInt32()));
    }
}
