using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Runs;

/// <summary>Steps that decide, over HTTP: conditions, loops, lists, other agents and code.</summary>
public sealed class StepTests(App app)
{
    [Fact]
    public async Task A_text_is_written_again_until_code_finds_it_short_enough()
    {
        const string Question = "A short letter, please.";
        app.Model.Says(Question, "Dear Ada and dear Bob", "Leave Bob out.", "Dear Ada");

        var id = await app.Queue(Question, "shortener");
        var run = await app.Finished(id);

        Assert.Equal(("completed", "Dear Ada"), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        var facts = await app.Facts(id);
        Assert.Equal(["write", "count", "shorten", "write", "count", "send"], facts.OfType<StepStarted>().Select(step => step.Name));
        Assert.Equal(["shorten", "report"], facts.OfType<StepSkipped>().Select(step => step.Name));
        Assert.Equal(["s0001t001", "s0001v2t001", "s0003t001"], facts.OfType<ToolCallRequested>().Select(call => call.ToolCallId));
        Assert.Equal("""{"words":2,"characters":8}""", facts.OfType<StepCompleted>().Last(step => step.Step == 1).Output);
        Assert.Equal("Dear Ada", SendLetter.Sent[$"{id}/3/s0003t001"]);
        var told = app.Model.Asked(Question)[2].Select(message => message.Text);
        Assert.Equal(["# count\n", "# shorten\n"], told.Where(text => text.StartsWith("# ", StringComparison.Ordinal)).Where(text =>
            !text.StartsWith("# write", StringComparison.Ordinal)).Select(text => text[..(text.IndexOf('\n', StringComparison.Ordinal) + 1)]));
        Assert.Contains((await app.Get($"/runs/{id}/timeline")).GetProperty("items").EnumerateArray(), row =>
            row.GetProperty("type").GetString() == "step_skipped" && row.GetProperty("name").GetString() == "shorten"
            && row.GetProperty("detail").GetString() == "Condition");
    }

    [Fact]
    public async Task A_list_is_worked_on_a_few_at_a_time_and_parks_when_more_fail_than_may()
    {
        const string Question = "Add one to each.";
        app.Model.Says(Question, """{"numbers":[{"n":"1"},{"n":"x"},{"n":"3"},{"n":"y"}]}""", "Two of them.");

        var id = await app.Queue(Question, "adder");
        var parked = await app.Until(id, "parked");

        Assert.StartsWith(
            "More than 1 calls of step add failed or were denied, the last with: ",
            parked.GetProperty("failure").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, (await app.Facts(id)).OfType<ToolCallRequested>().Count());
        await app.Post($"/runs/{id}/resume", null, 200);
        var facts = await app.Until(id, facts => facts.OfType<RunParked>().Count() == 2);
        Assert.Equal(["s0001t002", "s0001t004"], facts.OfType<ToolCallScheduled>().Select(call => call.ToolCallId).Distinct().Order());
    }

    [Fact]
    public async Task A_list_of_which_enough_comes_is_an_array_in_the_order_of_its_items()
    {
        const string Question = "Add one to each of three.";
        app.Model.Says(Question, """{"numbers":[{"n":"1"},{"n":"x"},{"n":"3"}]}""", "Done.");

        var id = await app.Queue(Question, "adder");

        Assert.Equal("Done.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal("[2,null,4]", (await app.Facts(id)).OfType<StepCompleted>().Single(step => step.Step == 1).Output);
        Assert.Contains(app.Model.Asked(Question)[1], message => message.Text.StartsWith("# add\n2\n\nError: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_list_makes_no_call_and_one_that_is_too_long_fails_before_its_first()
    {
        const string Empty = "An empty list of numbers.", Long = "A list that is too long.";
        app.Model.Says(Empty, """{"numbers":[]}""").Says(Long, """{"numbers":[1,2,3,4,5,6]}""");
        var (empty, tooLong) = (await app.Queue(Empty, "adder"), await app.Queue(Long, "adder"));

        Assert.Equal("""{"numbers":[]}""", (await app.Finished(empty)).GetProperty("answer").GetString());
        Assert.Equal("[]", (await app.Facts(empty)).OfType<StepCompleted>().Last().Output);
        Assert.Equal(
            "The list of step add has 6 items and may have 5.",
            (await app.Finished(tooLong)).GetProperty("failure").GetProperty("message").GetString());
        foreach (var id in new[] { empty, tooLong }) Assert.Empty((await app.Facts(id)).OfType<ToolCallRequested>());
    }

    [Fact]
    public async Task Another_agent_answers_each_item_of_a_list_two_at_a_time()
    {
        const string Question = "Let the talker speak.";
        string[] asked = ["Say one, talker.", "Say two, talker.", "Say three, talker."];
        app.Model.Says(Question, string.Join('\n', asked));
        foreach (var (one, answer) in asked.Zip(["One.", "Two.", "Three."])) app.Model.Says(one, answer);

        var id = await app.Queue(Question, "asker");
        var run = await app.Finished(id);

        Assert.Equal("""["One.","Two.","Three."]""", run.GetProperty("answer").GetString());
        Assert.Equal(3, (await app.Get($"/runs/{id}/children")).GetProperty("items").GetArrayLength());
        var open = 0;
        foreach (var fact in await app.Facts(id))
        {
            open += fact is ToolCallRequested ? 1 : fact is ToolCallCompleted ? -1 : 0;
            Assert.InRange(open, 0, 2);
        }
    }

    [Fact]
    public async Task A_code_step_is_given_members_of_json_in_their_types_and_its_result_is_a_fact_and_here_the_answer()
    {
        const string Question = "Three at 2.50 for Ada.";
        app.Model.Says(Question, """{"customer":"Ada","items":[{"count":3,"price":2.50}]}""");

        var id = await app.Queue(Question, "biller");

        Assert.Equal("""{"customer":"Ada","totalUsd":7.50}""", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal(7.5m, Invoices.Written[$"{id}/1/s0001t001"]);
        var facts = await app.Facts(id);
        Assert.Equal("""{"count":3,"customer":"Ada","price":2.50}""", facts.OfType<ToolCallRequested>().Single().Arguments);
        Assert.Single(facts.OfType<ToolCallStarted>()); // it must not run twice, so it is claimed
    }

    [Fact]
    public async Task A_run_that_takes_no_step_is_completed_as_soon_as_it_begins()
    {
        var run = await app.Finished(await app.Queue("Is there anything to do?", "idler"));

        Assert.Equal(("completed", ""), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.run_queue where run_id = $1", run.GetProperty("id").GetGuid()));

        var wanted = await app.Queue("And if it is wanted?", "idler", new { metadata = new { wanted = "yes" } });
        await app.Finished(wanted);
        Assert.Single((await app.Facts(wanted)).OfType<StepStarted>());
    }

    [Fact]
    public void No_model_may_be_granted_a_code_step()
    {
        var tools = app.Host.Services.GetRequiredService<ToolBox>();
        var agent = new AgentDefinition { Name = "a", Steps = [new ModelStep("work", "Work.", [new("count_words"), new("add")])] };

        Assert.Equal(
            ["Step work lets its model use count_words, which is a code step; give it a step of its own."],
            new CodeStepsAreNotForModels(tools).Problems(agent));
        Assert.Empty(new GrantedToolsExist(tools).Problems(agent));
        Assert.Equal((true, false, false), (tools.IsCodeStep("write_invoice"), tools.IsRepeatable("write_invoice"), tools.IsCodeStep("add")));
    }

    [Fact]
    public async Task A_fork_of_a_run_that_looped_goes_on_with_its_visits()
    {
        const string Question = "A short letter, please, and another.";
        app.Model.Says(Question, "one two three four", "shorter", "one two three four five", "shorter still", "one two three four five six", "no", "no");
        var id = await app.Queue(Question, "shortener");
        Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        var facts = await app.Facts(id);
        Assert.Equal(SkipReason.Visits, facts.OfType<StepSkipped>().First().Reason);

        var at = facts.Index().Last(fact => fact.Item is StepCompleted { Step: 1 }).Index + 1;
        var fork = (await app.Post($"/runs/{id}/fork", new { version = at }, 202)).GetProperty("id").GetGuid();
        await app.Finished(fork);

        var forked = await app.Facts(fork);
        Assert.Equal(3, forked.OfType<StateInherited>().Single().Visits![0]);
        Assert.Equal(["send"], forked.OfType<StepStarted>().Select(step => step.Name));
        Assert.Equal("one two three four five six", SendLetter.Sent[$"{fork}/3/s0003t001"]);
    }
}
