using System.Net;
using Agents.Domain.Runs;
using Marten;

namespace Agents.Host.Tests.Runs;

public sealed class RunTests(App app)
{
    [Fact]
    public async Task A_question_is_answered_in_five_steps_with_citations_that_resolve()
    {
        var id = await app.Queue("How many days of holiday does an employee have?");
        var run = await app.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Contains("thirty days", run.GetProperty("answer").GetString());
        var citation = run.GetProperty("citations")[0];
        Assert.Equal("handbook.md", citation.GetProperty("source").GetString());
        Assert.Equal(1, citation.GetProperty("documentVersion").GetInt32());
        var passage = await app.Get($"/passages?id={Uri.EscapeDataString(citation.GetProperty("passageId").GetString()!)}");
        Assert.Contains(citation.GetProperty("quote").GetString()!, passage.GetProperty("text").GetString());
        Assert.Equal(
            ["plan", "search", "analyze", "synthesize", "respond"],
            (await app.Facts(id)).OfType<StepStarted>().Select(step => step.Name));
    }

    [Fact]
    public async Task A_question_the_documents_do_not_answer_is_not_answered()
    {
        var run = await app.Finished(await app.Queue("What is the boiling point of tungsten hexafluoride?"));

        Assert.StartsWith("The documents do not answer this question.", run.GetProperty("answer").GetString());
        Assert.Equal(0, run.GetProperty("citations").GetArrayLength());
    }

    [Fact]
    public async Task Every_version_is_there_once_and_the_checkpoint_is_the_fold_of_the_facts()
    {
        var id = await app.Queue("What does a parking permit cost?");
        await app.Finished(id);

        var stored = await app.Stored(id);
        Assert.Equal(Enumerable.Range(1, stored.Count).Select(version => (long)version), stored.Select(e => e.Version));
        var folded = stored.Select(e => (RunEvent)e.Data).Aggregate(Run.Before(id), Run.Evolve);
        await using var session = app.Host.DocumentStore().QuerySession("default");
        Assert.Equal(Json(folded), Json(await session.LoadAsync<Run>(id)));

        static string Json(object? value) => System.Text.Json.JsonSerializer.Serialize(value);
    }

    [Fact]
    public async Task A_tool_that_must_not_run_twice_is_tried_again_when_its_service_refused_the_connection()
    {
        var id = await app.Queue("Ada", agent: "courier");
        var run = await app.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        var facts = await app.Facts(id);
        var refused = facts.OfType<ToolCallFailed>().Single();
        Assert.Equal(FailureKind.Unavailable, refused.Failure.Kind);
        Assert.Contains("Connection refused", refused.Failure.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2], facts.OfType<ToolCallStarted>().Select(call => call.Attempt));
        Assert.Equal("posted to Ada", facts.OfType<ToolCallCompleted>().Single().Result);
        Assert.Empty(facts.OfType<RunParked>());
    }

    [Fact]
    public async Task A_rate_limit_is_waited_out_and_every_attempt_is_a_fact()
    {
        const string Question = "May I park a bicycle, if the provider lets me ask?";
        app.Model.Says(Question, "parking", new HttpRequestException("slow down", null, HttpStatusCode.TooManyRequests), "nothing", "draft", "No.");

        var run = await app.Finished(await app.Queue(Question));
        var facts = await app.Facts(run.GetProperty("id").GetGuid());

        Assert.Equal("No.", run.GetProperty("answer").GetString());
        Assert.Equal(FailureKind.RateLimited, Assert.Single(facts.OfType<ModelCallFailed>()).Failure.Kind);
        Assert.Equal([(1, 1), (2, 1), (2, 2), (3, 1), (4, 1)], facts.OfType<ModelCallStarted>().Select(call => (call.Call, call.Attempt)));
        // offline-extractive-1, which is asked for, has a price.
        Assert.All(facts.OfType<ModelCallStarted>(), call => Assert.NotNull(call.PriceVersion));
        Assert.All(facts.OfType<ModelCallStarted>(), call => Assert.NotEmpty(call.RequestHash));
    }

    [Fact]
    public async Task A_refused_key_parks_the_run_with_the_providers_words_and_resuming_goes_on()
    {
        const string Question = "What if my key is wrong?";
        app.Model.Says(Question, new HttpRequestException("Incorrect API key provided", null, HttpStatusCode.Unauthorized), "keys", "nothing",
            "draft", "It works now.");

        var id = await app.Queue(Question);
        var parked = await app.Until(id, "parked");
        Assert.Equal("Unauthorized", parked.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Single((await app.Facts(id)).OfType<ModelCallStarted>());

        await app.Post($"/runs/{id}/resume", new { reason = "new key" }, 200);
        var run = await app.Finished(id);
        Assert.Equal("It works now.", run.GetProperty("answer").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.GetProperty("failure").ValueKind);
    }

    [Fact]
    public async Task Cancelling_aborts_the_call_in_flight_and_keeps_it_on_the_bill()
    {
        const string Question = "Will anybody wait for this answer?";
        app.Model.Says(Question, new TaskCompletionSource().Task, "never");
        var id = await app.Queue(Question);
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());

        var cancelled = await app.Post($"/runs/{id}/cancel", new { reason = "enough" }, 200);

        Assert.Equal("cancelled", cancelled.GetProperty("status").GetString());
        var facts = await app.Until(id, facts => facts.OfType<ModelCallOutcomeUnknown>().Any());
        Assert.Equal(UnknownCause.Cancelled, facts.OfType<ModelCallOutcomeUnknown>().Single().Cause);
        Assert.Equal(1, (await app.Get($"/runs/{id}")).GetProperty("unconfirmedUsd").GetProperty("calls").GetInt32());
        await app.Post($"/runs/{id}/cancel", null, 409);
        await app.Post($"/runs/{id}/resume", null, 409);
    }

    [Fact]
    public async Task A_paused_run_keeps_what_arrives_and_goes_on_when_resumed()
    {
        const string Question = "Can this wait a little?";
        var gate = new TaskCompletionSource();
        app.Model.Says(Question, gate.Task, "waiting", "nothing", "draft", "It could.");
        var id = await app.Queue(Question);
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());

        await app.Post($"/runs/{id}/pause", null, 200);
        gate.SetResult();
        var facts = await app.Until(id, facts => facts.OfType<StepCompleted>().Any());
        Assert.Single(facts.OfType<StepStarted>());

        await app.Post($"/runs/{id}/resume", null, 200);
        Assert.Equal("It could.", (await app.Finished(id)).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task A_call_that_takes_longer_than_its_step_allows_is_broken_off_and_may_have_been_billed()
    {
        const string Question = "Please hurry.";
        app.Model.Says(Question, new TaskCompletionSource().Task, "never");
        var id = await app.Queue(Question, agent: "hasty");

        var parked = await app.Until(id, "parked");
        Assert.Equal("Timeout", parked.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Equal(UnknownCause.TimedOut, (await app.Facts(id)).OfType<ModelCallOutcomeUnknown>().Single().Cause);
    }

    [Fact]
    public async Task A_tool_that_takes_longer_than_its_step_allows_waits_for_a_person()
    {
        const string Question = "Please write to somebody far away, soon.";
        app.Model.Says(Question, ("send_letter", new { to = "far away" }), "never");
        var id = await app.Queue(Question, agent: "hasty");

        var parked = await app.Until(id, "parked");
        Assert.Equal(
            "It is not known whether send_letter (c0001t001) had its effect, and resuming will not make the call again: send_letter took longer than 1 s.",
            parked.GetProperty("failure").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_step_with_tools_runs_them_and_tells_the_model()
    {
        const string Question = "What is two and three, and is the handbook about parking?";
        app.Model.Says(Question,
            new (string, object)[] { ("add", new { left = "2", right = "3" }), ("search_documents", new { query = "parking permit" }),
                ("fly", new { }) },
            "Five, and yes [1].");

        var run = await app.Finished(await app.Queue(Question, agent: "clerk"));

        Assert.Equal("Five, and yes [1].", run.GetProperty("answer").GetString());
        Assert.Equal("handbook.md", run.GetProperty("citations")[0].GetProperty("source").GetString());
        var told = app.Model.Asked(Question)[1].SelectMany(message => message.Contents).OfType<Microsoft.Extensions.AI.FunctionResultContent>()
            .ToDictionary(result => result.CallId, result => $"{result.Result}");
        Assert.Equal("5", told["c0001t001"]);
        Assert.Contains("[1] handbook.md", told["c0001t002"]);
        Assert.Equal("Error: Step work has no tool fly.", told["c0001t003"]);
    }

    [Fact]
    public async Task A_tool_that_must_not_run_twice_is_claimed_first_and_given_the_same_key_for_every_attempt()
    {
        const string Question = "Please write to Ada.";
        app.Model.Says(Question, ("send_letter", new { to = "Ada" }), "Done.");

        var id = await app.Queue(Question, agent: "clerk");
        await app.Finished(id);

        var facts = await app.Facts(id);
        Assert.Single(facts.OfType<ToolCallStarted>());
        Assert.Equal("Ada", SendLetter.Sent[$"{id}/0/c0001t001"]);
    }

    [Fact]
    public async Task A_tool_that_must_not_run_twice_and_loses_a_database_of_its_own_runs_once_and_leaves_a_doubt()
    {
        const string Question = "Please write to the archive.";
        app.Model.Says(Question, ("send_letter", new { to = "the archive" }), "I cannot tell.");

        var id = await app.Queue(Question, agent: "clerk");
        Assert.Equal("OutcomeUnknown", (await app.Until(id, "parked")).GetProperty("failure").GetProperty("kind").GetString());
        await app.Post($"/runs/{id}/resume", null, 200);
        Assert.Equal("I cannot tell.", (await app.Finished(id)).GetProperty("answer").GetString());

        var facts = await app.Facts(id);
        Assert.Single(facts.OfType<ToolCallStarted>());
        var failed = facts.OfType<ToolCallFailed>().Single();
        Assert.Equal(new(FailureKind.OutcomeUnknown, "The archive's database broke off."), failed.Failure); // it is reported, not tried again
        Assert.Equal(1, SendLetter.Cut[$"{id}/0/c0001t001"]);
    }

    [Fact]
    public async Task A_tool_that_fails_is_told_to_the_model()
    {
        const string Question = "Please write to nobody.";
        app.Model.Says(Question, ("send_letter", new { to = "nobody" }), "I could not.");

        var run = await app.Finished(await app.Queue(Question, agent: "clerk"));

        Assert.Equal("I could not.", run.GetProperty("answer").GetString());
    }

    [Fact]
    public async Task An_agent_may_do_without_a_model()
    {
        var run = await app.Finished(await app.Queue("Count for me.", agent: "counter"));

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal(0, run.GetProperty("modelCalls").GetInt32());
    }

    [Fact]
    public async Task Text_that_cannot_be_stored_is_cleaned_before_it_is_stored()
    {
        const string Question = "Does a NUL break the log?";
        app.Model.Says(Question, "a\0b", "x\uD800y", "draft", "No\0.");

        var run = await app.Finished(await app.Queue(Question));

        Assert.Equal("No.", run.GetProperty("answer").GetString());
        Assert.Equal("x\uFFFDy", (await app.Facts(run.GetProperty("id").GetGuid())).OfType<ModelCallCompleted>().ElementAt(1).Reply.Text);
    }

    [Fact]
    public async Task Two_hundred_runs_at_once_complete_and_the_ledger_equals_the_facts()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(n =>
        {
            var question = $"Question {n} of many: what does a permit cost?";
            app.Model.Says(question, "permit", "useful", "draft", "Twelve euros.");
            return app.Queue(question);
        }));

        foreach (var id in ids) Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());

        var facts = 0m;
        foreach (var id in ids) facts += (await app.Facts(id)).OfType<ModelCallCompleted>().Sum(call => call.Cost!.Usd);
        var ledger = await app.Scalar<decimal>("select sum(cost_usd) from finance.model_call where run_id = any($1)", ids);
        var view = await app.Scalar<decimal>("select sum(cost_usd) from agents.run_summary where run_id = any($1)", ids);
        Assert.Equal(200 * 4 * 0.00021m, facts);
        Assert.Equal(facts, ledger);
        Assert.Equal(facts, view);
        Assert.Equal(0L, await app.Scalar<long>("select count(*) from wolverine.wolverine_dead_letters"));
    }
}
