using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Queues;

/// <summary>What operators ask of the queue, and do to it.</summary>
public sealed class OperatingTests(Pool pool) : IClassFixture<Pool>
{
    [Fact]
    public async Task A_pause_that_is_changed_names_the_operator_who_changed_it()
    {
        var (pauses, scope) = (pool.Services(0).GetRequiredService<PauseStore>(), new Scope("agent", "renamed"));
        var bob = new Caller("default", "bob", "741f4717") { IsPlatform = true };
        Assert.True(await pauses.Set(scope, "maintenance", new("default", "ada", null) { IsPlatform = true }, TestContext.Current.CancellationToken));
        Assert.True(await pauses.Set(scope, "longer maintenance", bob, TestContext.Current.CancellationToken));

        var pause = Assert.Single(await pauses.List(scope, TestContext.Current.CancellationToken));
        Assert.Equal(("longer maintenance", "bob", "741f4717"), (pause.Reason, pause.PausedBy, pause.PausedByKey));
        Assert.True(await pauses.Remove(scope, bob, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_rate_that_is_changed_wakes_the_admission_of_every_node()
    {
        var woken = new TaskCompletionSource();
        pool.Services(0).GetRequiredService<NodeSignals>().Written += run =>
        {
            if (run == Guid.Empty) woken.TrySetResult(); // about no run: the whole queue
        };

        await pool.Send(HttpMethod.Put, "/rates/offline/some-model", new { requestsPerMinute = 5 }, 200, node: 1);
        await woken.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Why_names_the_limit_the_place_in_line_and_when_it_can_start()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 2 });
        var earlier = await pool.Queue(1, priority: 9);
        await Pool.Until(async () => await pool.Ended(earlier) == 1, "a pace"); // something was started lately
        pool.Model.Close();
        var running = await pool.Queue(2, priority: 9);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 2), "two at once");
        await pool.Queue(3, priority: 7);
        var last = (await pool.Queue(1, priority: 6))[0];

        var why = await pool.Why(last);
        Assert.Equal(4, why.GetProperty("position").GetInt64());
        Assert.Equal("limit", why.GetProperty("blockedBy")[0].GetProperty("kind").GetString());
        Assert.Contains("overall is full: 2 of 2 runs", why.GetProperty("summary").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, why.GetProperty("estimatedStart").ValueKind);
        Assert.Contains("has a slot", (await pool.Why(running[0])).GetProperty("summary").GetString(), StringComparison.Ordinal);

        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended([last]) == 1, "the end");
        Assert.Equal("The run is completed. It does no more work.", (await pool.Why(last)).GetProperty("summary").GetString());
        await pool.Send(HttpMethod.Get, $"/runs/{Guid.CreateVersion7()}/why", null, 404);
    }

    [Fact]
    public async Task Why_names_a_full_limit_whose_name_has_spaces_and_numbers()
    {
        await pool.Clear();
        await pool.Limit("key:night%20%20shift%207%209", new { maxRuns = 0 });
        var run = (await pool.Queue(1, team: "night  shift 7 9"))[0];

        Assert.Contains(
            "The limit key:night  shift 7 9 is full: 0 of 0 runs.", (await pool.Why(run)).GetProperty("summary").GetString(),
            StringComparison.Ordinal);

        await pool.Send(HttpMethod.Delete, "/limits/key:night%20%20shift%207%209", null, 204);
        await Pool.Until(async () => await pool.Ended([run]) == 1, "the end");
    }

    [Theory]
    [InlineData("all")]
    [InlineData("tenant:default")]
    [InlineData("agent:talker")]
    public async Task While_admission_is_paused_no_run_starts_and_then_they_do(string scope)
    {
        await pool.Clear();
        await pool.Send(HttpMethod.Put, $"/pauses/{scope}", new { reason = "maintenance" }, 200);
        var run = (await pool.Queue(1))[0];
        var why = await pool.Why(run);
        Assert.Equal("pause", why.GetProperty("blockedBy")[0].GetProperty("kind").GetString());
        Assert.Equal(JsonValueKind.Null, why.GetProperty("estimatedStart").ValueKind);
        var queue = (await pool.Send(HttpMethod.Get, "/queues", null, 200)).GetProperty("items").EnumerateArray()
            .Single(item => item.GetProperty("waiting").GetInt64() > 0);
        Assert.Equal(("default", "talker", 1L),
            (queue.GetProperty("tenant").GetString(), queue.GetProperty("agent").GetString(), queue.GetProperty("waiting").GetInt64()));

        await pool.Send(HttpMethod.Delete, $"/pauses/{scope}", null, 204, node: 1);
        var waited = System.Diagnostics.Stopwatch.StartNew();
        await Pool.Until(async () => await pool.Ended([run]) == 1, "the end");
        await pool.Send(HttpMethod.Delete, $"/pauses/{scope}", null, 404);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(10), $"It took {waited.Elapsed}.");
    }

    [Fact]
    public async Task A_node_that_is_drained_hands_its_runs_over_and_takes_none_until_it_is_resumed()
    {
        await pool.Clear();
        pool.Model.Close();
        var runs = await pool.Queue(8);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 8), "both nodes full");
        var drained = pool.Nodes[0];
        await pool.Send(HttpMethod.Post, $"/nodes/{drained}/drain", null, 200, node: 1);

        pool.Model.Open();
        var more = await pool.Queue(8);
        await Pool.Until(async () => await pool.Ended(runs.Concat(more)) == 16, "the end");

        Assert.Equal(
            0,
            await pool.Scalar<long>(
                "select count(*) from agents.mt_events where type = 'run_started' and stream_id = any($1) and data ->> 'worker' = $2", more.ToArray(),
                drained));
        var nodes = (await pool.Send(HttpMethod.Get, "/nodes", null, 200)).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(2, nodes.Count);
        Assert.NotEqual(JsonValueKind.Null, nodes.Single(node => node.GetProperty("name").GetString() == drained).GetProperty("drainedAt").ValueKind);

        await pool.Send(HttpMethod.Post, $"/nodes/{drained}/resume", null, 200, node: 1);
        pool.Model.Close();
        var last = await pool.Queue(8);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 8), "both nodes full again");
        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(last) == 8, "the end");
    }

    [Fact]
    public async Task A_node_that_is_drained_ends_its_calls_and_begins_no_other_of_the_same_runs()
    {
        const string Question = "Please write to the other node.";
        await pool.Clear();
        pool.Model.Close();
        var letter = new FunctionCallContent("call", "send_letter", new Dictionary<string, object?> { ["to"] = "the other node" });
        pool.Model.Script[Question] = new(Enumerable.Repeat<object>(letter, 8));
        var runs = await pool.Queue(8, agent: "clerk", question: Question);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 8), "both nodes full");
        var drained = pool.Nodes[0];
        await pool.Send(HttpMethod.Post, $"/nodes/{drained}/drain", null, 200, node: 1);
        await Pool.Until(async () => !await pool.MayBegin(node: 0), "the node knows that it is drained");

        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(runs) == 8, "the end");
        await pool.Send(HttpMethod.Post, $"/nodes/{drained}/resume", null, 200, node: 1);
        await Pool.Until(() => pool.MayBegin(node: 0), "the node knows that it is resumed");

        var facts = new List<IReadOnlyList<RunEvent>>();
        foreach (var run in runs) facts.Add(await pool.Facts(run));
        Assert.Equal(4, facts.Count(run => run.OfType<ModelCallStarted>().First().Worker == drained)); // begun before, and ended there
        Assert.All(facts, run =>
        {
            Assert.Equal([1, 2], run.OfType<ModelCallCompleted>().Select(call => call.Call));
            Assert.DoesNotContain(drained, run.OfType<ModelCallStarted>().Skip(1).Select(call => call.Worker));
            Assert.NotEqual(drained, run.OfType<ToolCallStarted>().Single().Worker);
            Assert.IsType<RunCompleted>(run[^1]);
        });
    }

    [Theory]
    [InlineData("PUT", "/limits/everything", 400)]
    [InlineData("PUT", "/limits/tenant:", 400)]
    [InlineData("PUT", "/limits/overall:acme", 400)]
    [InlineData("PUT", "/pauses/model:small", 400)]
    [InlineData("DELETE", "/limits/tenant:nobody", 404)]
    [InlineData("DELETE", "/pauses/node:nobody", 404)]
    [InlineData("POST", "/nodes/nobody/drain", 404)]
    public async Task What_is_not_there_or_makes_no_sense_is_refused(string method, string url, int status) =>
        await pool.Send(new(method), url, method == "PUT" ? new { maxRuns = 1, reason = "" } : null, status);

    [Fact]
    public async Task Limits_and_weights_have_bounds()
    {
        await pool.Send(HttpMethod.Put, "/limits/overall", new { }, 400);
        await pool.Send(HttpMethod.Put, "/limits/overall", new { maxRuns = -1 }, 400);
        await pool.Send(HttpMethod.Put, "/limits/overall", new { weight = 2 }, 400);
        await pool.Send(HttpMethod.Put, "/limits/tenant:acme", new { weight = 0 }, 400);
        await pool.Send(HttpMethod.Put, "/limits/tenant:acme", new { weight = 1e-308 }, 400);
        await pool.Send(HttpMethod.Put, "/limits/tenant:acme", new { weight = 1e300 }, 400);
        var limit = await pool.Limit("tenant:acme", new { maxRuns = 7, weight = 0.5 });
        Assert.Equal(("tenant:acme", 7, 0.5, 0), (
            limit.GetProperty("scope").GetString(), limit.GetProperty("maxRuns").GetInt32(), limit.GetProperty("weight").GetDouble(),
            limit.GetProperty("running").GetInt32()));
        await pool.Send(HttpMethod.Delete, "/limits/tenant:acme", null, 204);
    }
}
