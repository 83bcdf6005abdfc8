using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;
using Alba;

namespace Agents.Host.Tests.Budgets;

/// <summary>Budgets from end to end: set over HTTP, obeyed by workers, raised, and runs that go on.</summary>
public sealed class BudgetTests(App app)
{
    [Fact]
    public async Task Of_a_hundred_runs_the_ten_that_there_is_room_for_call_the_model_and_the_rest_park_until_it_is_raised()
    {
        var upper = await UpperOf("miser", "What would question 000 cost?");
        await Put("/budgets/agent/miser?period=total", new { limitUsd = 10 * upper }, 201);
        var gate = new TaskCompletionSource();

        var ids = await Task.WhenAll(Enumerable.Range(1, 100).Select(n =>
        {
            var question = $"What would question {n:000} cost?";
            app.Model.Says(question, gate.Task, "Little.");
            return app.Queue(question, agent: "miser");
        }));

        await App.Until("ninety are parked", async () => await Parked(ids) == 90);
        Assert.Equal(
            10L, await app.Scalar<long>("select count(*) from agents.mt_events where type = 'model_call_started' and stream_id = any($1)", ids));
        var full = (await app.Get("/budgets/agent/miser?period=total")).GetProperty("budget");
        Assert.Equal((0m, 10 * upper, 0m, 90),
            (Usd(full, "spentUsd"), Usd(full, "reservedUsd"), Usd(full, "roomUsd"), full.GetProperty("waitingRuns").GetInt32()));
        Assert.Equal(90L, await app.Scalar<long>(
            "select count(*) from agents.run_summary where run_id = any($1) and failure_kind = 'BudgetRefused' and failure_message = 'The budget of agent miser has no room for the next call.'", ids));

        await Raise("/budgets/agent/miser/raise?period=total", new { byUsd = 200 * upper }, 200);
        gate.SetResult();

        foreach (var id in ids) Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        var spent = (await app.Get("/budgets/agent/miser?period=total")).GetProperty("budget");
        Assert.Equal((100 * 0.00021m, 0m, 0), (Usd(spent, "spentUsd"), Usd(spent, "reservedUsd"), spent.GetProperty("waitingRuns").GetInt32()));
        Assert.Equal(
            90L,
            await app.Scalar<long>(
                "select count(distinct stream_id) from agents.mt_events where type = 'run_resumed' and data->>'by' = 'system' and stream_id = any($1)", ids));
        await Delete("/budgets/agent/miser?period=total", 204);
    }

    [Fact]
    public async Task A_call_too_large_for_the_room_gets_a_shorter_reply_and_the_fact_says_so()
    {
        var upper = await UpperOf("thrifty", "How long may an answer be?");
        await Put("/budgets/agent/thrifty", new { limitUsd = upper - 0.0006m }, 201); // 1,000 tokens of reply less
        app.Model.Says("How long may an answer go?", "Shorter.");

        var id = await app.Queue("How long may an answer go?", agent: "thrifty");
        await app.Finished(id);

        var started = (await app.Facts(id)).OfType<ModelCallStarted>().Single();
        Assert.InRange(started.MaxOutputTokens!.Value, 3000, 3200);
        Assert.True(started.ReservedUsd <= upper - 0.0006m);
        Assert.Equal(started.MaxOutputTokens, app.Model.Options("How long may an answer go?").Single()!.MaxOutputTokens);
        await Delete("/budgets/agent/thrifty", 204);
    }

    [Fact]
    public async Task A_run_never_spends_more_than_its_own_budget_and_goes_on_when_that_is_raised()
    {
        const string Question = "How much may this run cost?";
        app.Model.Says(Question, "Enough.");
        var id = await app.Queue(Question, agent: "own", more: new { budgetUsd = 0.0001m });

        var parked = await app.Until(id, "parked");
        Assert.Equal("BudgetRefused", parked.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Equal("The run's own budget has no room for the next call.", parked.GetProperty("failure").GetProperty("message").GetString());
        Assert.StartsWith("The run's own budget has no room: 0 of 0.0001 USD are spent",
            (await app.Get($"/runs/{id}/why")).GetProperty("summary").GetString(), StringComparison.Ordinal);
        Assert.Empty((await app.Facts(id)).OfType<ModelCallStarted>());

        await Put($"/runs/{id}/budget", new { budgetUsd = 1m, reason = "worth it" }, 200);
        Assert.Equal("Enough.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal(1m, (await app.Get($"/runs/{id}")).GetProperty("budgetUsd").GetDecimal());
        await Put($"/runs/{id}/budget", new { budgetUsd = 2m }, 409);
    }

    [Fact]
    public async Task A_run_goes_on_when_the_period_turns()
    {
        var (upper, gate) = (await UpperOf("daily", "What is left of day 1?"), new TaskCompletionSource());
        await Put("/budgets/agent/daily?period=day", new { limitUsd = upper }, 201);
        app.Model.Says("What is left of day 2?", gate.Task, "Paper.").Says("What is left of day 3?", "Tomorrow.");
        var first = await app.Queue("What is left of day 2?", agent: "daily");
        await app.Until(first, facts => facts.OfType<ModelCallStarted>().Any()); // it has reserved all that there is
        var id = await app.Queue("What is left of day 3?", agent: "daily");
        await app.Until(id, "parked");

        await Execute( // no caller can make it midnight
            """
            update finance.budget_period set starts_on = starts_on - 1 where value = 'daily';
            update finance.reservation set starts_on = starts_on - 1 where value = 'daily';
            """);

        Assert.Equal("Tomorrow.", (await app.Finished(id)).GetProperty("answer").GetString());
        gate.SetResult();
        await app.Finished(first);
        await Delete("/budgets/agent/daily?period=day", 204);
    }

    [Fact]
    public async Task An_unconfirmed_spend_stays_in_the_budget_until_an_operator_resolves_it()
    {
        await Put("/budgets/agent/clumsy", new { limitUsd = 1m }, 201);
        const string Question = "Will this stream break off?";
        app.Model.Says(Question, new IOException("gone"), "Only once.");
        var id = await app.Queue(Question, agent: "clumsy");
        await app.Finished(id);
        var upper = (await app.Facts(id)).OfType<ModelCallOutcomeUnknown>().Single().HighUsd!.Value;

        var before = (await app.Get("/budgets/agent/clumsy")).GetProperty("budget");
        Assert.Equal((upper + 0.00021m, upper), (Usd(before, "spentUsd"), Usd(before, "unconfirmedUsd")));

        var resolved = await app.Post($"/runs/{id}/spend/1/1", new { usd = 0.0001m }, 200);
        Assert.Equal(upper, Usd(resolved, "highUsd"));
        var after = (await app.Get("/budgets/agent/clumsy")).GetProperty("budget");
        Assert.Equal((0.0001m + 0.00021m, 0m), (Usd(after, "spentUsd"), Usd(after, "unconfirmedUsd")));
        Assert.Equal(new SpendResolved(1, 1, 0.0001m, SpendSource.Operator, "operator"), (await app.Facts(id)).OfType<SpendResolved>().Single());
        Assert.Equal(0.00031m, (await app.Get($"/runs/{id}")).GetProperty("costUsd").GetDecimal());

        var twice = await app.Post($"/runs/{id}/spend/1/1", new { usd = 0.0001m }, 409);
        Assert.Equal("Not unconfirmed", twice.GetProperty("title").GetString());
        await app.Post($"/runs/{id}/spend/1/2", new { usd = 0.0001m }, 409);
        await app.Post($"/runs/{Guid.NewGuid()}/spend/1/1", new { usd = 0.0001m }, 404);
        Assert.Equal("Bad usd", (await app.Post($"/runs/{id}/spend/1/1", new { usd = -1m }, 400)).GetProperty("title").GetString());
        await app.Post($"/runs/{id}/spend/1/1", new { }, 400);
        await Delete("/budgets/agent/clumsy", 204);
    }

    [Fact]
    public async Task A_reply_that_broke_off_has_cost_at_least_what_came_of_it()
    {
        const string Question = "What is half an answer worth?";
        app.Model.Says(Question, new Spoken(new string('x', 256), new IOException("gone")), "Half.");
        var id = await app.Queue(Question, agent: "own");
        var run = await app.Finished(id);

        var unknown = (await app.Facts(id)).OfType<ModelCallOutcomeUnknown>().Single();
        Assert.InRange(unknown.LowUsd, 2 * 0.60m / 1_000_000, unknown.HighUsd!.Value); // two tokens of reply at least
        Assert.Equal(unknown.LowUsd, run.GetProperty("unconfirmedUsd").GetProperty("low").GetDecimal());
        Assert.Equal(unknown.LowUsd, await app.Scalar<decimal>("select low_usd from finance.model_call where run_id = $1 and attempt = 1", id));
    }

    [Fact]
    public async Task A_run_that_parked_for_its_own_budget_goes_on_when_an_operator_resolves_a_spend()
    {
        const string Question = "Did that stream cost all there was?";
        app.Model.Says(Question, new IOException("gone"), "Hardly anything.");
        var id = await app.Queue(Question, agent: "own", more: new { budgetUsd = 0.001m });
        var parked = await app.Until(id, "parked");
        Assert.Contains(parked.GetProperty("failure").GetProperty("kind").GetString(), new[] { "BudgetRefused", "CostLimit" });

        await app.Post($"/runs/{id}/spend/1/1", new { usd = 0.0001m }, 200);

        Assert.Equal("Hardly anything.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal("system", (await app.Facts(id)).OfType<RunResumed>().Single().By);
    }

    [Fact]
    public async Task A_budget_is_made_changed_raised_and_removed_and_every_change_is_recorded()
    {
        var created = await Put(
            "/budgets/key/night%20shift?period=day", new { limitUsd = 5m }, 201, location: "/budgets/key/night%20shift?period=day");
        Assert.Equal(("key", "night shift", "day"),
            (created.GetProperty("scope").GetString(), created.GetProperty("value").GetString(), created.GetProperty("period").GetString()));
        await Put("/budgets/key/night%20shift?period=day", new { limitUsd = 6m }, 200);
        await Raise("/budgets/key/night%20shift/raise?period=day", new { byUsd = 0.5m }, 200);
        Assert.Contains((await app.Get("/budgets")).GetProperty("items").EnumerateArray(), budget =>
            budget.GetProperty("value").GetString() == "night shift" && Usd(budget, "limitUsd") == 6.5m);

        var shown = await app.Get("/budgets/key/night%20shift?period=day");
        Assert.Equal(
            [(6m, 6.5m), (5m, 6m), (null, 5m)],
            shown.GetProperty("changes").EnumerateArray().Select(change => (Maybe(change, "oldLimitUsd"), Maybe(change, "newLimitUsd"))));
        Assert.All(shown.GetProperty("changes").EnumerateArray(), change => Assert.Equal("operator", change.GetProperty("by").GetString()));

        await Delete("/budgets/key/night%20shift?period=day", 204);
        await Delete("/budgets/key/night%20shift?period=day", 404);
        await app.Get("/budgets/key/night%20shift?period=day", 404);
        await Raise("/budgets/key/night%20shift/raise?period=day", new { byUsd = 0.5m }, 404);
    }

    [Fact]
    public async Task Of_many_who_set_a_new_budget_at_once_one_has_made_it_and_the_others_have_changed_it()
    {
        using var client = app.Client();
        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(usd =>
            client.PutAsJsonAsync("/budgets/agent/crowded?period=total", new { limitUsd = usd })));

        Assert.Equal(1, answers.Count(answer => answer.StatusCode is HttpStatusCode.Created));
        Assert.Equal(15, answers.Count(answer => answer.StatusCode is HttpStatusCode.OK));
        Assert.Equal(1, (await app.Get("/budgets/agent/crowded?period=total")).GetProperty("changes").EnumerateArray().Count(change =>
            Maybe(change, "oldLimitUsd") is null));
        await Delete("/budgets/agent/crowded?period=total", 204);
    }

    [Theory]
    [InlineData("/budgets/planet/earth", "{\"limitUsd\":1}", 404, "Unknown scope")]
    [InlineData("/budgets/run/x", "{\"limitUsd\":1}", 404, "A run's own budget")]
    [InlineData("/budgets/2/x", "{\"limitUsd\":1}", 404, "Unknown scope")]
    [InlineData("/budgets/tenant/somebody", "{\"limitUsd\":1}", 404, "Unknown tenant")]
    [InlineData("/budgets/tenant/default?period=week", "{\"limitUsd\":1}", 400, "Unknown period")]
    [InlineData("/budgets/tenant/default?period=1", "{\"limitUsd\":1}", 400, "Unknown period")]
    [InlineData("/budgets/tenant/default", "{\"limitUsd\":-1}", 400, "Bad limitUsd")]
    [InlineData("/budgets/tenant/default", "{\"limitUsd\":0.000000001}", 400, "Bad limitUsd")]
    [InlineData("/budgets/tenant/default", "{\"limitUsd\":1e12}", 400, "Bad limitUsd")]
    [InlineData("/budgets/tenant/default", "{}", 400, "Bad limitUsd")]
    [InlineData("/budgets/tenant/default", "{\"limitUsd\":\"much\"}", 400, "Malformed JSON")]
    [InlineData("/budgets/tenant/default", "{\"limitUsd\":1,\"currency\":\"EUR\"}", 400, "Malformed JSON")]
    [InlineData("/budgets/agent/%20", "{\"limitUsd\":1}", 400, "Bad name")]
    [InlineData("/runs/00000000-0000-0000-0000-000000000001/budget", "{\"budgetUsd\":1}", 404, "Unknown run")]
    [InlineData("/runs/00000000-0000-0000-0000-000000000001/budget", "{\"budgetUsd\":0}", 400, "Bad budgetUsd")]
    public async Task A_budget_that_cannot_be_is_refused_with_the_reason(string url, string body, int status, string title)
    {
        var result = await app.Host.Scenario(call =>
        {
            var (path, period) = Split(url);
            var put = call.Put.Text(body).ToUrl(path).ContentType("application/json");
            if (period is not null) put.QueryString("period", period);
            call.StatusCodeShouldBe(status);
        });

        Assert.Equal(title, JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync()).GetProperty("title").GetString());
    }

    /// <summary>What one call of the agent reserves.</summary>
    async Task<decimal> UpperOf(string agent, string question)
    {
        app.Model.Says(question, "Some.");
        var id = await app.Queue(question, agent: agent);
        await app.Finished(id);
        return (await app.Facts(id)).OfType<ModelCallStarted>().Single().ReservedUsd!.Value;
    }

    Task<long> Parked(Guid[] ids) => app.Scalar<long>("select count(*) from agents.run_summary where run_id = any($1) and status = 'parked'", ids);

    Task<JsonElement> Put(string url, object body, int status, string? location = null) => Send(call => call.Put.Json(body), url, status, location);

    Task<JsonElement> Raise(string url, object body, int status) => Send(call => call.Post.Json(body), url, status);

    /// <summary>Alba takes a query apart from the path.</summary>
    async Task<JsonElement> Send(Func<Scenario, SendExpression> how, string url, int status, string? location = null)
    {
        var result = await app.Host.Scenario(call =>
        {
            var (path, period) = Split(url);
            var sent = how(call).ToUrl(path);
            if (period is not null) sent.QueryString("period", period);
            call.StatusCodeShouldBe(status);
            if (location is not null) call.Header("Location").SingleValueShouldEqual(location);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }

    async Task Delete(string url, int status) => await app.Host.Scenario(call =>
    {
        var (path, period) = Split(url);
        call.Delete.Url(path).QueryString("period", period ?? "month");
        call.StatusCodeShouldBe(status);
    });

    static (string Path, string? Period) Split(string url) => url.Split("?period=") is [var path, var period] ? (path, period) : (url, null);

    async Task Execute(string sql)
    {
        await using var command = app.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    static decimal Usd(JsonElement of, string name) => of.GetProperty(name).GetDecimal();

    static decimal? Maybe(JsonElement of, string name) =>
        of.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDecimal() : null;
}
