using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Rates;

/// <summary>
/// Each test limits a model of its own. The windows are a minute long, so nothing that is let through here is free again within a test.
/// </summary>
public sealed class RateTests(App app)
{
    [Fact]
    public async Task Requests_of_several_nodes_stay_within_the_limit_together()
    {
        await Limit("many", requests: 10);
        RateLimits[] nodes = [Node(), Node(), Node()];

        var passes = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => Take(nodes[n % nodes.Length], "many", tokens: 1)));

        Assert.Equal(10, passes.Count(pass => pass is not null));
        Assert.Equal(10, (await Seen("many")).GetProperty("usedRequests").GetInt64());
    }

    [Fact]
    public async Task Tokens_count_at_their_bound_until_the_reply_says_how_many_they_were()
    {
        await Limit("tokens", tokens: 1000);
        var node = Node();
        var first = await Used(node, "tokens", 400);
        Assert.NotNull(await Used(node, "tokens", 400));
        Assert.Null(await Take(node, "tokens", 400));

        await first.Settle(new(Answered(new(40, 10))));
        Assert.Equal(450, (await Seen("tokens")).GetProperty("usedTokens").GetInt64());
        Assert.NotNull(await Used(node, "tokens", 400));
        Assert.Null(await Take(node, "tokens", 400));
    }

    [Fact]
    public async Task A_call_larger_than_the_limit_passes_alone()
    {
        await Limit("large", tokens: 100);

        Assert.NotNull(await Used(Node(), "large", 5000));
        Assert.Null(await Take(Node(), "large", 1));
    }

    [Fact]
    public async Task A_call_that_is_not_made_gives_its_room_back()
    {
        await Limit("unused", requests: 1);
        var node = Node();

        await (await Take(node, "unused", 1))!.DisposeAsync();
        Assert.NotNull(await Used(node, "unused", 1));
        Assert.Null(await Take(node, "unused", 1));
    }

    [Fact]
    public async Task A_provider_that_refuses_is_left_alone_by_all_nodes_as_long_as_it_asked()
    {
        var (node, other) = (Node(), Node());
        var pass = await Used(node, "refused", 1); // nothing limits it yet

        await pass.Settle(new(Refused(TimeSpan.FromSeconds(30))));
        Assert.Null(await Take(node, "refused", 1));
        Assert.Null(await Take(other, "refused", 1));
        Assert.InRange((await Seen("refused")).GetProperty("closedUntil").GetDateTimeOffset() - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(20),
            TimeSpan.FromSeconds(31));
    }

    [Fact]
    public async Task A_short_wait_is_waited_for()
    {
        var node = Node();
        await node.Note("short", null, retryAfter: TimeSpan.FromMilliseconds(300));
        var began = System.Diagnostics.Stopwatch.StartNew();

        Assert.NotNull(await Used(node, "short", 1));
        Assert.True(began.Elapsed > TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task What_the_provider_tells_counts_where_it_is_lower()
    {
        await Limit("told", requests: 100);
        var node = Node();
        await node.Note("told", new(2, null, null, null, null, null), retryAfter: null);
        Assert.NotNull(await Used(node, "told", 1));
        Assert.NotNull(await Used(node, "told", 1));
        Assert.Null(await Take(node, "told", 1));

        await node.Note("left", new(null, null, 1, TimeSpan.FromMinutes(2), null, null), retryAfter: null); // others use the same account
        Assert.NotNull(await Used(node, "left", 1));
        Assert.Null(await Take(node, "left", 1));
    }

    [Fact]
    public async Task Runs_that_must_wait_give_their_slots_back_and_go_on_when_the_limit_is_raised()
    {
        await Limit("paced-model", requests: 1);
        string[] questions = ["Pace me, one.", "Pace me, two.", "Pace me, three."];
        foreach (var question in questions) app.Model.Says(question, "Paced.");
        var ids = await Task.WhenAll(questions.Select(question => app.Queue(question, agent: "paced")));

        await Until(async () => (await Seen("paced-model")).GetProperty("waitingRuns").GetInt32() == 2);
        Assert.Equal(
            2L, await app.Scalar<long>("select count(*) from agents.run_queue where run_id = any($1) and node is null and state = 'running'", ids));
        await Until(() => Task.FromResult(questions.Sum(question => app.Model.Asked(question).Count) == 1));

        await Limit("paced-model", requests: 100);
        foreach (var id in ids)
        {
            Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
            Assert.Equal(1, Assert.Single((await app.Facts(id)).OfType<ModelCallStarted>()).Attempt); // waiting is no attempt
        }
    }

    [Fact]
    public async Task Limits_are_listed_and_removed_and_bad_ones_refused()
    {
        await Limit("vendor/with-a-slash", requests: 5, tokens: 6);
        Assert.Equal("operator", (await Seen("vendor/with-a-slash")).GetProperty("setBy").GetString());
        await Delete("vendor/with-a-slash", 204);
        await Delete("vendor/with-a-slash", 404);
        Assert.Equal("Unknown provider", (await Put("nobody", "m", new { requestsPerMinute = 1 }, 400)).GetProperty("title").GetString());
        Assert.Equal("No limit", (await Put("offline", "m", new { }, 400)).GetProperty("title").GetString());
        Assert.Equal("Bad limit", (await Put("offline", "m", new { tokensPerMinute = 0 }, 400)).GetProperty("title").GetString());
    }

    RateLimits Node() => ActivatorUtilities.CreateInstance<RateLimits>(app.Host.Services);

    static Task<RatePass?> Take(RateLimits node, string model, long tokens) =>
        node.Take("default", Guid.CreateVersion7(), model, tokens, CancellationToken.None, TestContext.Current.CancellationToken);

    static async Task<RatePass> Used(RateLimits node, string model, long tokens)
    {
        var pass = await Take(node, model, tokens) ?? throw new InvalidOperationException("There is no room.");
        pass.Use();
        return pass;
    }

    static ModelOutcome.Answered Answered(Usage usage) => new("", [], [], "stop", "m", null, usage, null, null, false, TimeSpan.Zero, null);

    static ModelOutcome.Failed Refused(TimeSpan retryAfter) => new(new(FailureKind.RateLimited, "slow down", retryAfter), 0, TimeSpan.Zero, null);

    Task<JsonElement> Limit(string model, int? requests = null, long? tokens = null) =>
        Put("offline", model, new { requestsPerMinute = requests, tokensPerMinute = tokens }, 200);

    async Task<JsonElement> Put(string provider, string model, object body, int status)
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Put.Json(body).ToUrl($"/rates/{provider}/{model}");
            call.StatusCodeShouldBe(status);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }

    async Task Delete(string model, int status) => await app.Host.Scenario(call =>
    {
        call.Delete.Url($"/rates/offline/{model}");
        call.StatusCodeShouldBe(status);
    });

    async Task<JsonElement> Seen(string model) =>
        (await app.Get("/rates")).GetProperty("items").EnumerateArray().Single(rate => rate.GetProperty("model").GetString() == model);

    static async Task Until(Func<Task<bool>> holds)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (!await holds())
        {
            if (patience.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("It never came.");
            await Task.Delay(50);
        }
    }
}
