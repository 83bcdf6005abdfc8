using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Audit;
using Agents.Host.Postgres;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>A server and a database of its own, so that the whole of it can be verified.</summary>
public sealed class Branches : IAsyncLifetime
{
    public App App { get; } = new();

    public string Connection => App.Host.Services.GetRequiredService<DatabaseConnection>().ConnectionString;

    public ValueTask InitializeAsync() => App.InitializeAsync();

    public ValueTask DisposeAsync() => App.DisposeAsync();
}

/// <summary>Runs that continue others, over HTTP.</summary>
public sealed class ForkRunTests(Branches branches) : IClassFixture<Branches>
{
    const decimal Call = 0.00021m; // of the scripted model

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly App app = branches.App;

    [Fact]
    public async Task A_fork_goes_on_with_the_results_of_the_run_and_pays_for_what_it_does_itself()
    {
        const string Question = "How much is it, and once more?";
        app.Model.Says(Question, ("add", new { left = "1", right = "2" }), "It is 3.", "It is 3, indeed.");
        var origin = await app.Queue(Question, "clerk", new { priority = 7, metadata = new { team = "blue" } });
        await app.Finished(origin);
        var before = await app.Facts(origin);

        using var client = app.Client();
        using var answer = await client.PostAsJsonAsync($"/runs/{origin}/fork", new { reason = "once more" }, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var forked = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        var id = forked.GetProperty("id").GetGuid();
        Assert.Equal($"/runs/{id}", answer.Headers.Location!.ToString());
        Assert.Equal(
            (origin, Call), (forked.GetProperty("forkedFrom").GetProperty("run").GetGuid(), forked.GetProperty("inheritedUsd").GetDecimal()));

        var done = await app.Finished(id);
        Assert.Equal("It is 3, indeed.", done.GetProperty("answer").GetString());
        Assert.Equal((Call, Call, 2),
            (done.GetProperty("costUsd").GetDecimal(), done.GetProperty("inheritedUsd").GetDecimal(), done.GetProperty("modelCalls").GetInt32()));
        Assert.Equal((origin, 7, "blue"), (done.GetProperty("forkedFrom").GetProperty("run").GetGuid(), done.GetProperty("priority").GetInt32(),
            done.GetProperty("metadata").GetProperty("team").GetString()));
        Assert.Equal(
            app.Model.Asked(Question)[1].SelectMany(message => message.Contents).Select(Text),
            app.Model.Asked(Question)[2].SelectMany(message => message.Contents).Select(Text));

        var facts = await app.Facts(id);
        Assert.Empty(facts.OfType<ToolCallRequested>());
        Assert.Equal("once more", facts.OfType<StateInherited>().Single().Reason);
        Assert.Equal(before.Count, (await app.Facts(origin)).Count);
        var version = (int)forked.GetProperty("forkedFrom").GetProperty("version").GetInt64();
        Assert.IsType<ModelCallStarted>(before[version - 1]);

        var timeline = (await app.Get($"/runs/{id}/timeline")).GetProperty("items").EnumerateArray().ToList();
        Assert.Contains(timeline, row => row.GetProperty("type").GetString() == "state_inherited");
        Assert.Equal(
            Call, timeline.Sum(row => row.GetProperty("costUsd").ValueKind is JsonValueKind.Null ? 0 : row.GetProperty("costUsd").GetDecimal()));
        Assert.Equal(3 * Call, await app.Scalar<decimal>("select sum(cost_usd) from finance.model_call where root_run_id = $1", origin));
        Assert.Equal("work", await app.Scalar<string>("select step_name from finance.model_call where run_id = $1", id));
        var stream = await client.GetStringAsync($"/runs/{id}/stream", Cancellation);
        Assert.Contains("event: state_inherited", stream, StringComparison.Ordinal);

        static string Text(AIContent content) => content switch { TextContent text => text.Text, FunctionResultContent result =>
            $"{result.CallId} {result.Result}", _ => content.GetType().Name };
    }

    [Theory]
    [InlineData("parked")]
    [InlineData("cancelled")]
    [InlineData("running")]
    [InlineData("paused")]
    [InlineData("queued")]
    public async Task A_run_can_be_forked_however_it_stands(string status)
    {
        var question = $"Fork me while I am {status}?";
        var never = new TaskCompletionSource();
        app.Model.Says(question, status is "parked" ? new HttpRequestException(
            "no", null, HttpStatusCode.Unauthorized) : status is "queued" ? "Early." : never.Task, "Here I am.");
        var origin = await app.Queue(question, "talker", status is "queued" ? new { notBefore = DateTimeOffset.UtcNow.AddDays(1) } : null);
        if (status is "cancelled" or "running" or "paused") await app.Until(origin, facts => facts.OfType<ModelCallStarted>().Any());
        if (status is "cancelled") await app.Post($"/runs/{origin}/cancel", null, 200);
        if (status is "paused") await app.Post($"/runs/{origin}/pause", null, 200);
        await app.Until(origin, status);

        var fork = (await app.Post($"/runs/{origin}/fork", new { }, 202)).GetProperty("id").GetGuid();

        var done = await app.Finished(fork);
        Assert.Equal(("completed", status is "queued" ? "Early." : "Here I am."),
            (done.GetProperty("status").GetString(), done.GetProperty("answer").GetString()));
        Assert.Equal(status, (await app.Get($"/runs/{origin}")).GetProperty("status").GetString());
        if (status is not "cancelled") await app.Post($"/runs/{origin}/cancel", null, 200);
    }

    [Fact]
    public async Task A_failed_run_has_as_many_calls_again()
    {
        const string Question = "How often may I ask?";
        app.Model.Says(Question, [.. Enumerable.Repeat<object>(("add", new { left = "1", right = "1" }), 4), "At last."]);
        var origin = await app.Queue(Question, "clerk");
        Assert.Equal("failed", (await app.Finished(origin)).GetProperty("status").GetString());

        var fork = (await app.Post($"/runs/{origin}/fork", new { }, 202)).GetProperty("id").GetGuid();

        var done = await app.Finished(fork);
        Assert.Equal(("At last.", Call, 4 * Call),
            (done.GetProperty("answer").GetString(), done.GetProperty("costUsd").GetDecimal(), done.GetProperty("inheritedUsd").GetDecimal()));
    }

    [Fact]
    public async Task Another_question_another_model_and_an_earlier_version_are_told_to_the_model()
    {
        const string Question = "What did you say first?", Other = "And what did you say then?";
        app.Model.Says(Question, "First.").Says(Other, "Then.", "Then again.");
        var origin = await app.Queue(Question, "talker");
        await app.Finished(origin);

        var fork = (await app.Post($"/runs/{origin}/fork", new { version = 2, question = Other, model = "another-model", priority = "urgent" }, 202))
            .GetProperty("id").GetGuid();

        var done = await app.Finished(fork);
        Assert.Equal(("Then.", "another-model", 9, 2L, 0m), (
            done.GetProperty("answer").GetString(), done.GetProperty("model").GetString(), done.GetProperty("priority").GetInt32(),
            done.GetProperty("forkedFrom").GetProperty("version").GetInt64(), done.GetProperty("inheritedUsd").GetDecimal()));
        Assert.Equal("another-model", app.Model.Options(Other)[0]!.ModelId);

        var again = (await app.Post($"/runs/{fork}/fork", new { }, 202)).GetProperty("id").GetGuid();
        Assert.Equal("Then again.", (await app.Finished(again)).GetProperty("answer").GetString());
        Assert.Equal(origin, await app.Scalar<Guid>("select root_run_id from agents.run_summary where run_id = $1", again));
    }

    [Fact]
    public async Task A_tool_without_an_outcome_is_asked_for_in_the_forks_own_name_and_approved_there()
    {
        const string Question = "May I shred it, twice?";
        app.Model.Says(Question, ("shred", new { document = "the contract" }), "It is gone.");
        var origin = await app.Queue(Question, "clerk");
        await app.Until(origin, facts => facts.OfType<ToolCallRequested>().Any());

        var fork = (await app.Post($"/runs/{origin}/fork", new { }, 202)).GetProperty("id").GetGuid();
        await app.Post($"/runs/{origin}/cancel", null, 200);
        var asked = (await app.Until(fork, facts => facts.OfType<ToolCallRequested>().Any())).OfType<ToolCallRequested>().Single();
        await app.Post($"/runs/{fork}/tool-calls/{asked.ToolCallId}/approve", null, 200);

        Assert.Equal("It is gone.", (await app.Finished(fork)).GetProperty("answer").GetString());
        Assert.Equal("the contract is gone", (await app.Facts(fork)).OfType<ToolCallCompleted>().Single().Result);
        Assert.Single(app.Model.Asked(Question)[1].SelectMany(message => message.Contents).OfType<FunctionCallContent>());
    }

    [Fact]
    public async Task A_call_that_must_not_run_twice_and_may_have_had_its_effect_is_not_made_by_a_fork()
    {
        const string Question = "Did the letter arrive?";
        app.Model.Says(Question, ("send_letter", new { to = "far away" }), "I did not write.");
        var origin = await app.Queue(Question, "hasty");
        var doubt = (await app.Until(origin, "parked")).GetProperty("failure");
        Assert.Equal("OutcomeUnknown", doubt.GetProperty("kind").GetString());
        const string Said = "It is not known whether send_letter (c0001t001) had its effect";
        Assert.StartsWith($"{Said}, and resuming will not make the call again: ", doubt.GetProperty("message").GetString(), StringComparison.Ordinal);
        var why = (await app.Get($"/runs/{origin}/why")).GetProperty("summary").GetString();
        Assert.StartsWith(
            "send_letter (c0001t001) may have had its effect, and resuming will not make the call again. Look first, then say", why, StringComparison.Ordinal);

        var refused = await app.Post($"/runs/{origin}/fork", new { }, 409);
        Assert.Equal("Outcome unknown", refused.GetProperty("title").GetString());
        Assert.Contains("send_letter", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);

        var reply = (await app.Facts(origin)).ToList().FindIndex(fact => fact is ModelCallCompleted);
        var fork = (await app.Post($"/runs/{origin}/fork", new { version = reply }, 202)).GetProperty("id").GetGuid();
        Assert.Equal("I did not write.", (await app.Finished(fork)).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        const string Question = "What can be wrong with a fork?";
        app.Model.Says(Question, "Much.");
        var origin = await app.Queue(Question, "talker");
        await app.Finished(origin);
        var versions = (await app.Facts(origin)).Count;

        foreach (var (body, title) in new (object, string)[]
                 {
                     (new { version = 0 }, "Bad version"), (new { version = versions + 1 }, "Bad version"),
                     (new { question = " " }, "Empty question"), (new { model = "" }, "Bad model"),
                     (new { reason = new string('x', 501) }, "Bad reason"), (new { priority = 10 }, "Unknown priority"),
                     (new { budgetUsd = 0 }, "Bad budget"),
                 })
            Assert.Equal(title, (await app.Post($"/runs/{origin}/fork", body, 400)).GetProperty("title").GetString());
        Assert.Equal("Unknown run", (await app.Post($"/runs/{Guid.NewGuid()}/fork", new { }, 404)).GetProperty("title").GetString());
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.run_summary where forked_from = $1", origin));
    }

    [Fact]
    public async Task One_key_is_one_fork()
    {
        const string Question = "How many forks has a key?";
        app.Model.Says(Question, "One.", "One.", "Two.");
        var origin = await app.Queue(Question, "talker");
        await app.Finished(origin);

        var forks = await Task.WhenAll(Enumerable.Range(0, 5)
            .Select(_ => app.Post($"/runs/{origin}/fork", new { reason = "again" }, 202, key: "fork-once")));

        Assert.Single(forks.Select(fork => (fork.GetProperty("id").GetGuid(), fork.GetProperty("forkedFrom").GetProperty("version").GetInt64()))
            .Distinct());
        Assert.Equal("Idempotency-Key used before",
            (await app.Post($"/runs/{origin}/fork", new { reason = "other" }, 422, key: "fork-once")).GetProperty("title").GetString());
        Assert.Equal("Idempotency-Key used before",
            (await app.Post("/runs", App.Body(Question, "talker"), 422, key: "fork-once")).GetProperty("title").GetString());
        await app.Finished(forks[0].GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Forks_draw_on_the_budget_of_the_root_and_give_back_what_they_do_not_spend()
    {
        const string Question = "Who pays for the forks?";
        var free = new TaskCompletionSource();
        app.Model.Says(Question, "The root.", free.Task, "Still the root.", "Always the root.");
        var root = await app.Queue(Question, "talker", new { budgetUsd = 0.5m });
        await app.Finished(root);

        var first = await app.Post($"/runs/{root}/fork", new { budgetUsd = 0.3m }, 202);
        var id = first.GetProperty("id").GetGuid();
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());
        var refused = await app.Post($"/runs/{root}/fork", new { budgetUsd = 0.3m }, 409);
        Assert.Equal("Budget has no room", refused.GetProperty("title").GetString());
        Assert.Contains(
            FormattableString.Invariant($"{0.5m - Call - 0.3m} USD are left"), refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        free.SetResult();
        await app.Finished(id);
        await app.Until(root, facts => facts.OfType<ForkEnded>().Any());

        var second = (await app.Post($"/runs/{id}/fork", new { }, 202)).GetProperty("id").GetGuid(); // a fork of the fork draws on the same
        await app.Finished(second);
        var facts = await app.Until(root, facts => facts.OfType<ForkEnded>().Count() == 2);
        Assert.Equal([new(id, 0.3m), new(second, 0.5m - 2 * Call)], facts.OfType<ForkStarted>());
        Assert.Equal([new(id, Call), new(second, Call)], facts.OfType<ForkEnded>());
        Assert.Equal(0.5m - 2 * Call, (await app.Get($"/runs/{second}")).GetProperty("budgetUsd").GetDecimal());
        Assert.Equal("completed", (await app.Get($"/runs/{root}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task All_runs_that_fit_are_forked_once()
    {
        string[] questions = ["Fork us, one.", "Fork us, two.", "Fork us, three."];
        foreach (var question in questions)
            app.Model.Says(question, new HttpRequestException("no", null, HttpStatusCode.Unauthorized), "Here we are.");
        var ids = await Task.WhenAll(questions.Select(question => app.Queue(question, agent: "parked")));
        foreach (var id in ids) await app.Until(id, "parked");

        Assert.Equal(
            0, (await app.Post("/runs/fork", new { agent = "parked", failure = "RateLimited" }, 200)).GetProperty("forked").GetArrayLength());
        var first = await app.Post("/runs/fork", new { agent = "parked", limit = 2, reason = "new key" }, 200);
        Assert.Equal((2, true), (first.GetProperty("forked").GetArrayLength(), first.GetProperty("hasMore").GetBoolean()));
        var second = await app.Post("/runs/fork", new { agent = "parked" }, 200);
        Assert.Equal((1, false), (second.GetProperty("forked").GetArrayLength(), second.GetProperty("hasMore").GetBoolean()));
        Assert.Equal(0, (await app.Post("/runs/fork", new { agent = "parked" }, 200)).GetProperty("forked").GetArrayLength());

        var forked = first.GetProperty("forked").EnumerateArray().Concat(second.GetProperty("forked").EnumerateArray()).ToList();
        Assert.Equal(ids.Order(), forked.Select(fork => fork.GetProperty("run").GetGuid()).Order());
        foreach (var fork in forked)
            Assert.Equal("Here we are.", (await app.Finished(fork.GetProperty("fork").GetGuid())).GetProperty("answer").GetString());
    }

    [Theory]
    [InlineData("queued", null, 10, null, "Status does not fit")]
    [InlineData(null, "Boredom", 10, null, "Unknown failure")]
    [InlineData(null, null, 1001, null, "Bad limit")]
    [InlineData(null, null, 10, "", "Bad model")]
    public async Task What_does_not_fit_is_refused_and_nothing_is_forked(string? status, string? failure, int limit, string? model, string title) =>
        Assert.Equal(
            title, (await app.Post("/runs/fork", new { agent = "nobody", status, failure, limit, model }, 400)).GetProperty("title").GetString());

    [Fact]
    public async Task A_database_with_forks_is_sound_and_no_money_is_counted_twice()
    {
        const string Question = "What is sound?";
        app.Model.Says(Question, ("add", new { left = "1", right = "2" }), "The run.", "The fork.", ("add", new { left = "3", right = "4" }),
            "The fork's fork.", "And its fork.");
        var origin = await app.Queue(Question, "clerk", new { budgetUsd = 0.9m });
        await app.Finished(origin);
        var runs = new List<Guid> { origin };
        for (var fork = 0; fork < 3; fork++)
        {
            runs.Add((await app.Post($"/runs/{runs[^1]}/fork", new { }, 202)).GetProperty("id").GetGuid());
            Assert.Equal("completed", (await app.Finished(runs[^1])).GetProperty("status").GetString());
        }

        await app.Until(origin, facts => facts.OfType<ForkEnded>().Count() == 3);
        var report = await Verification.Run(branches.Connection, ledger: null, tenant: null, Cancellation);
        Assert.Empty(report!.Invariants.SelectMany(invariant => invariant.Shown));
        var sums = await Reconciliation.Run(branches.Connection, ledger: null, tenant: null, Cancellation);
        Assert.Empty(sums!.Invariants.SelectMany(invariant => invariant.Shown));
        Assert.Equal(6 * Call, await app.Scalar<decimal>("select sum(cost_usd) from agents.run_summary where root_run_id = $1", origin));
        Assert.Equal(6 * Call, await app.Scalar<decimal>("select sum(cost_usd) from finance.model_call where root_run_id = $1", origin));
    }
}
