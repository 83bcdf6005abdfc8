using System.Net;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs that start runs, over HTTP.</summary>
public sealed class ChildRunTests(App app)
{
    [Fact]
    public async Task A_run_waits_for_the_answer_of_a_run_that_it_starts_and_pays_from_its_own_budget()
    {
        const string Question = "Who has it done?", Asked = "Can you do it for me?";
        var free = new TaskCompletionSource();
        app.Model.Says(Question, ("subagent", new { agent = "talker", question = Asked }), "It is done.");
        app.Model.Says(Asked, free.Task, "I did it.");

        var id = await app.Queue(Question, "boss", new { priority = 7, budgetUsd = 0.5m, metadata = new { team = "blue" } });
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single();
        await App.Until("the parent gives its slot back", () =>
            app.Scalar<bool>("select exists (select from agents.run_queue where run_id = $1 and waits_for = 'child' and node is null)", id));
        Assert.Contains(child.Child.ToString(), (await app.Get($"/runs/{id}/why")).GetProperty("summary").GetString(), StringComparison.Ordinal);
        free.SetResult();

        var done = await app.Finished(id);
        Assert.Equal(("completed", "It is done."), (done.GetProperty("status").GetString(), done.GetProperty("answer").GetString()));
        Assert.Contains(app.Model.Asked(Question)[1], message => message.Contents.OfType<Microsoft.Extensions.AI.FunctionResultContent>().Any(
            result => $"{result.Result}".Contains("I did it.", StringComparison.Ordinal)));
        var shown = Assert.Single((await app.Get($"/runs/{id}/children")).GetProperty("items").EnumerateArray());
        Assert.Equal(child.Child, shown.GetProperty("id").GetGuid());
        Assert.Equal((id, 7, "completed"),
            (shown.GetProperty("parent").GetGuid(), shown.GetProperty("priority").GetInt32(), shown.GetProperty("status").GetString()));
        Assert.Equal("blue", shown.GetProperty("metadata").GetProperty("team").GetString());
        Assert.InRange(shown.GetProperty("budgetUsd").GetDecimal(), 0.4m, 0.5m);
        Assert.Single(app.Model.Asked(Asked));

        var result = (await app.Facts(id)).OfType<ToolCallCompleted>().Single();
        Assert.Equal(("I did it.", shown.GetProperty("costUsd").GetDecimal()), (result.Result, result.ChildUsd));
        Assert.Equal(3, await app.Scalar<long>("select count(*) from finance.model_call where root_run_id = $1", id));
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.run_queue where run_id = any($1)", new[] { id, child.Child }));
        Assert.Contains((await app.Get($"/runs/{id}/timeline")).GetProperty("items").EnumerateArray(), row =>
            row.GetProperty("type").GetString() == "child_run_started");
    }

    [Fact]
    public async Task Several_runs_are_waited_for_side_by_side()
    {
        const string Question = "Who has both done?";
        app.Model.Says(
            Question, new (string, object)[] { ("subagent", new { agent = "talker", question = "The left one?" }),
                ("subagent", new { agent = "talker", question = "The right one?" }) },
            "Both are done.");
        app.Model.Says("The left one?", "Left.");
        app.Model.Says("The right one?", "Right.");

        var id = await app.Queue(Question, "boss");

        Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        Assert.Equal(["Left.", "Right."],
            (await app.Facts(id)).OfType<ToolCallCompleted>().OrderBy(call => call.ToolCallId, StringComparer.Ordinal).Select(call => call.Result));
    }

    [Fact]
    public async Task Whoever_cancels_a_run_cancels_all_below_it()
    {
        const string Question = "Who has it done below?", Below = "And below that?", Lowest = "Who does it at last?";
        var never = new TaskCompletionSource();
        app.Model.Says(Question, ("subagent", new { agent = "boss", question = Below }));
        app.Model.Says(Below, ("subagent", new { agent = "talker", question = Lowest }));
        app.Model.Says(Lowest, never.Task, "Never.");
        var id = await app.Queue(Question, "boss");
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        var grandchild = (await app.Until(child, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        await app.Until(grandchild, facts => facts.Any(fact => fact is ModelCallStarted));

        await app.Post($"/runs/{id}/cancel", new { reason = "enough" }, 200);

        Assert.Equal("cancelled", (await app.Finished(grandchild)).GetProperty("status").GetString());
        Assert.Equal("cancelled", (await app.Finished(child)).GetProperty("status").GetString());
        await app.Until(id, facts => facts.Any(fact => fact is ToolCallFailed { ChildUsd: not null }));
        Assert.Equal(0.00021m, await app.Scalar<decimal>("select sum(cost_usd) from agents.run_summary where run_id = $1", id));
    }

    [Theory]
    [InlineData("a response")]
    [InlineData("a thread")]
    public async Task However_a_run_is_cancelled_those_that_it_started_are_told_with_it(string how)
    {
        var (question, asked, thread) = ($"Who has it done for {how}?", $"Can you do it for {how}?", $"interrupted by {how}");
        app.Model.Says(question, ("subagent", new { agent = "talker", question = asked })).Says(asked, new TaskCompletionSource().Task, "Never.")
            .Says("And now for something else?", "Yes.");
        var id = await app.Queue(question, "boss", new { threadId = thread });
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        await app.Until(child, facts => facts.Any(fact => fact is ModelCallStarted));

        if (how is "a thread")
            await app.Finished(await app.Queue("And now for something else?", "talker", new { threadId = thread, multitask = "interrupt" }));
        else await app.Post($"/v1/responses/resp_{id:N}/cancel", null, 200);

        Assert.Equal("cancelled", (await app.Finished(child)).GetProperty("status").GetString());
        var ends = new[] { await app.Stored(id), await app.Stored(child) }.Select(facts => facts.Single(fact => fact.Data is RunCancelled).Timestamp)
            .ToList();
        // Which waits for 15 s.
        Assert.True(ends[1] - ends[0] < TimeSpan.FromSeconds(10), $"It was told after {ends[1] - ends[0]}: by the watchdog, not by the run.");
    }

    [Fact]
    public async Task A_run_that_it_started_and_that_was_cancelled_in_a_call_counts_with_what_the_call_may_cost()
    {
        const string Question = "Who was asked in vain?", Asked = "Will you ever answer?";
        app.Model.Says(Question, ("subagent", new { agent = "aide", question = Asked }), "Nobody has done it.");
        app.Model.Says(Asked, new TaskCompletionSource().Task, "Never.");
        var id = await app.Queue(Question, "boss", new { budgetUsd = 0.5m });
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        await app.Until(child, facts => facts.Any(fact => fact is ModelCallStarted));

        await app.Post($"/runs/{child}/cancel", new { reason = "enough" }, 200);
        await app.Finished(id);

        var upper = (await app.Facts(child)).OfType<ModelCallStarted>().Single().ReservedUsd;
        Assert.True(upper > 0);
        Assert.Equal(upper, (await app.Facts(id)).OfType<ToolCallFailed>().Single().ChildUsd);
    }

    [Fact]
    public async Task A_child_that_was_not_told_of_its_parents_end_is_ended_by_the_watchdog()
    {
        const string Question = "Who tells nobody?", Asked = "Will you be told?";
        app.Model.Says(Question, ("subagent", new { agent = "talker", question = Asked })).Says(Asked, new TaskCompletionSource().Task, "Never.");
        var id = await app.Queue(Question, "boss");
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        await app.Until(child, facts => facts.Any(fact => fact is ModelCallStarted));
        await using (var session = app.Host.DocumentStore().LightweightSession("default"))
        {
            await session.Decide(
                id, app.Host.Services.GetRequiredService<Definitions>(), (run, agent) =>
                    RunDecider.Decide(run, agent, new CancelRun("ada", "lost")), TestContext.Current.CancellationToken);
            await session.SaveChangesAsync(TestContext.Current.CancellationToken); // and the message is lost
        }

        Assert.Equal("cancelled", (await app.Finished(child)).GetProperty("status").GetString());
        Assert.Equal(new RunCancelled("system", $"Run {id}, which started it, has ended."), (await app.Facts(child)).OfType<RunCancelled>().Single());
    }

    [Fact]
    public async Task A_run_that_was_started_and_is_parked_is_waited_for_and_the_model_hears_how_it_ended()
    {
        const string Question = "Who has it done at all?", Asked = "Will you park?";
        app.Model.Says(Question, ("subagent", new { agent = "talker", question = Asked }), "It was not done.");
        app.Model.Says(Asked, new HttpRequestException("no", null, HttpStatusCode.BadRequest));
        var id = await app.Queue(Question, "boss");
        var child = (await app.Until(id, facts => facts.Any(fact => fact is ChildRunStarted))).OfType<ChildRunStarted>().Single().Child;
        await app.Until(child, "parked");
        Assert.Equal("running", (await app.Get($"/runs/{id}")).GetProperty("status").GetString());

        await app.Post($"/runs/{child}/cancel", new { reason = "hopeless" }, 200);

        Assert.Equal("It was not done.", (await app.Finished(id)).GetProperty("answer").GetString());
        var failed = (await app.Facts(id)).OfType<ToolCallFailed>().Single();
        Assert.Equal((FailureKind.ToolError, "The run of talker was cancelled: hopeless"), (failed.Failure.Kind, failed.Failure.Message));
    }

    [Fact]
    public async Task A_run_hears_that_the_answer_of_one_that_it_started_was_cut_and_by_what()
    {
        const string Question = "Who has half of it done?", Asked = "Will you be cut off?";
        app.Model.Says(Question, ("subagent", new { agent = "talker", question = Asked }), "Half of it is done.");
        app.Model.Says(Asked, new Spoken("I did the first ha") { IsCut = true });

        var id = await app.Queue(Question, "boss");
        await app.Finished(id);

        const string Told = "[The run of talker was cut off by length; its answer is not whole.]\nI did the first ha";
        Assert.Equal((Told, false), (await app.Facts(id)).OfType<ToolCallCompleted>().Select(call => (call.Result, call.Truncated)).Single());
        Assert.Contains(app.Model.Asked(Question)[1], message => message.Contents.OfType<Microsoft.Extensions.AI.FunctionResultContent>().Any(
            result => $"{result.Result}".Contains(Told, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("research", "Step work may ask talker, boss, aide; not \"research\".")]
    [InlineData("nobody", "No agent is named \"nobody\".")]
    public async Task An_agent_that_may_not_be_asked_is_a_failure_of_the_tool(string agent, string message)
    {
        var question = $"Who asks {agent}?";
        app.Model.Says(question, ("subagent", new { agent, question = "Well?" }), "Nobody.");

        var id = await app.Queue(question, "boss");

        Assert.Equal("Nobody.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Contains(message, (await app.Facts(id)).OfType<ToolCallFailed>().Single().Failure.Message, StringComparison.Ordinal);
        Assert.Empty((await app.Get($"/runs/{id}/children")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Children_of_a_run_that_there_is_not_are_not_found() =>
        Assert.Equal(404, (await app.Get($"/runs/{Guid.NewGuid()}/children", 404)).GetProperty("status").GetInt32());
}
