using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

/// <summary>Answers of a wanted form, asked for by step, run, batch and schedule.</summary>
public sealed class StructuredOutputTests(App app)
{
    static readonly object Days = new { type = "object", required = new[] { "days" }, properties = new { days = new { type = "integer" } } };

    [Fact]
    public async Task A_run_may_ask_for_an_answer_of_a_form()
    {
        const string Question = "How many days, as a form?";
        app.Model.Says(Question, "```json\n{ \"days\": 30 }\n```");

        var id = await app.Queue(Question, "talker", new { output = new { schema = Days } });
        var run = await app.Finished(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.Equal("""{"days":30}""", run.GetProperty("output").GetRawText());
        Assert.Equal("""{"days":30}""", run.GetProperty("answer").GetString());
        var facts = await app.Facts(id);
        Assert.Equal("""{"days":30}""", facts.OfType<RunCompleted>().Single().Output);
        Assert.Equal("```json\n{ \"days\": 30 }\n```", facts.OfType<ModelCallCompleted>().Single().Reply.Text);
        Assert.NotNull(facts.OfType<RunQueued>().Single().Brief!.OutputSchema);
        Assert.NotNull(Assert.Single(app.Model.Options(Question))!.ResponseFormat);
    }

    [Fact]
    public async Task A_run_without_a_form_has_no_output()
    {
        const string Question = "How many days, in words?";
        app.Model.Says(Question, """{"days":30}""");

        Assert.False((await app.Finished(await app.Queue(Question, "talker"))).TryGetProperty("output", out _));
    }

    [Fact]
    public async Task A_reply_that_does_not_fit_is_told_back_and_the_next_one_counts()
    {
        const string Question = "How many days, at the second try?";
        app.Model.Says(Question, """{"days":"thirty"}""", """{"days":30}""");

        var id = await app.Queue(Question, "talker", new { output = new { schema = Days } });
        var run = await app.Finished(id);

        Assert.Equal(30, run.GetProperty("output").GetProperty("days").GetInt32());
        Assert.Equal(2, run.GetProperty("modelCalls").GetInt32());
        Assert.StartsWith("$.days: ", Assert.Single((await app.Facts(id)).OfType<ModelCallCompleted>().First().Reply.OutputProblems!),
            StringComparison.Ordinal);
        var told = app.Model.Asked(Question)[1];
        Assert.Equal("""{"days":"thirty"}""", told[^2].Text);
        Assert.Contains("- $.days: ", told[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_replies_never_fit_ends_with_the_reasons()
    {
        const string Question = "How many days, never?";
        app.Model.Says(Question, [.. Enumerable.Repeat("about thirty", 20)]);

        var id = await app.Queue(Question, TestAgents.Form.Name);
        var run = await app.Finished(id);

        Assert.Equal("failed", run.GetProperty("status").GetString());
        Assert.Equal("OutputUnfit", run.GetProperty("failure").GetProperty("kind").GetString());
        Assert.Contains("no JSON", run.GetProperty("failure").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, run.GetProperty("modelCalls").GetInt32());
        Assert.Equal(JsonValueKind.Null, run.GetProperty("answer").ValueKind);
    }

    [Fact]
    public async Task A_step_may_have_a_form_of_its_own_and_the_runs_counts_before_it()
    {
        app.Model.Says("The step's form?", """{"kind":"paid"}""").Says("The run's form?", """{"days":30}""");

        var own = await app.Finished(await app.Queue("The step's form?", TestAgents.Form.Name));
        var runs = await app.Finished(await app.Queue("The run's form?", TestAgents.Form.Name, new { output = new { schema = Days } }));

        Assert.Equal("""{"kind":"paid"}""", own.GetProperty("output").GetRawText());
        Assert.Equal("""{"days":30}""", runs.GetProperty("output").GetRawText());
    }

    [Fact]
    public async Task The_offline_model_fills_a_form_from_what_it_found()
    {
        var run = await app.Finished(await app.Queue("How many days of holiday does every employee have a year?", "research", new
        {
            output = new
            {
                schema = new
                {
                    type = "object",
                    additionalProperties = false,
                    required = new[] { "answer", "isKnown", "kind", "notes", "days" },
                    properties = new
                    {
                        answer = new { type = "string" },
                        isKnown = new { type = "boolean" },
                        kind = new { @enum = new[] { "rule", "custom" } },
                        notes = new { type = "array", items = new { type = "string" } },
                        days = new { type = "integer", minimum = 1 },
                        unasked = new { type = "string" },
                    },
                },
            },
        }));

        var output = run.GetProperty("output");
        Assert.Contains("thirty days of holiday", output.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            (true, "rule", 1),
            (output.GetProperty("isKnown").GetBoolean(), output.GetProperty("kind").GetString(), output.GetProperty("days").GetInt32()));
        Assert.NotEqual(0, output.GetProperty("notes").GetArrayLength());
        Assert.False(output.TryGetProperty("unasked", out _));
        Assert.Contains("thirty days", run.GetProperty("citations")[0].GetProperty("quote").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"output":{}}""", "No schema")]
    [InlineData("""{"output":{"schema":null}}""", "No schema")]
    [InlineData("""{"output":{"schema":false}}""", "Bad schema")]
    [InlineData("""{"output":{"schema":3}}""", "Bad schema")]
    [InlineData("""{"output":{"schema":{"type":"strin"}}}""", "Bad schema")]
    [InlineData("""{"output":{"schema":{"$ref":"https://example.com/x"}}}""", "Bad schema")]
    [InlineData("""{"output":{"schema":{"$ref":"#"}}}""", "Bad schema")]
    [InlineData("""{"output":{"schema":{},"strict":true}}""", null)]
    [InlineData("""{"parameters":{"temperature":3}}""", "Bad parameters")]
    [InlineData("""{"parameters":{"topP":0}}""", "Bad parameters")]
    [InlineData("""{"parameters":{"stop":[""]}}""", "Bad parameters")]
    [InlineData("""{"parameters":{"reasoningEffort":"most"}}""", null)]
    [InlineData("""{"parameters":{"heat":1}}""", null)]
    public async Task What_cannot_be_asked_of_a_model_is_refused_with_its_reason(string more, string? title)
    {
        var body = JsonSerializer.Deserialize<Dictionary<string, object?>>(more)!;
        (body["agent"], body["question"]) = ("talker", "Never asked, form.");

        var problem = await app.Post("/runs", body, 400);

        if (title is not null) Assert.Equal(title, problem.GetProperty("title").GetString());
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.run_summary where question = 'Never asked, form.'"));
    }

    [Theory]
    [InlineData("counter", "count 3")]
    [InlineData("shortener", "send")] // its last step asks a model, and may be skipped
    public async Task An_agent_that_may_end_without_a_model_takes_no_form(string agent, string step)
    {
        var problem = await app.Post("/runs", App.Body("x", agent, new { output = new { schema = Days } }), 400);

        Assert.Equal("No model to fit it", problem.GetProperty("title").GetString());
        Assert.Contains($"may end with step {step}, which asks no model", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parameters_of_a_run_reach_the_model()
    {
        const string Question = "How warm, model?";
        app.Model.Says(Question, "So.");

        var id = await app.Queue(Question, "talker", new { parameters = new { temperature = 0.2, topP = 0.9, seed = 7, stop = new[] { "END" } } });
        await app.Finished(id);

        var options = Assert.Single(app.Model.Options(Question))!;
        Assert.Equal((0.2f, 0.9f, 7, "END"), (options.Temperature, options.TopP, options.Seed, Assert.Single(options.StopSequences!)));
        Assert.Equal(0.2, (await app.Facts(id)).OfType<RunQueued>().Single().Brief!.Parameters!.Temperature);
    }

    [Fact]
    public async Task The_steps_own_parameters_count_where_the_run_says_nothing()
    {
        app.Model.Says("Whose warmth?", """{"kind":"paid"}""");

        await app.Finished(await app.Queue("Whose warmth?", TestAgents.Form.Name, new { parameters = new { seed = 3 } }));

        var options = Assert.Single(app.Model.Options("Whose warmth?"))!;
        Assert.Equal((0.5f, 3), (options.Temperature, options.Seed));
    }

    [Fact]
    public async Task Items_of_a_batch_and_runs_of_a_schedule_may_ask_for_a_form_too()
    {
        app.Model.Says("How many days, batch?", """{"days":1}""").Says("How many days, schedule?", """{"days":2}""");

        var batch = await app.Post("/runs/batch", new
        {
            items = new object[]
            {
                new { agent = "talker", question = "How many days, batch?", output = new { schema = Days } },
                new { agent = "talker", question = "x", output = new { schema = false } },
            },
        }, 202);
        await app.Finished(batch.GetProperty("items")[0].GetProperty("runId").GetGuid());
        Assert.Equal("Bad schema", batch.GetProperty("items")[1].GetProperty("problem").GetProperty("title").GetString());
        var items = (await app.Get($"/batches/{batch.GetProperty("id").GetGuid()}/items")).GetProperty("items");
        Assert.Equal(1, items[0].GetProperty("output").GetProperty("days").GetInt32());

        await app.Post("/schedules", new
        {
            name = "forms", cron = "0 0 1 1 *", run = new { agent = "talker", question = "How many days, schedule?", output = new { schema = Days } },
        }, 201);
        var fired = await app.Post("/schedules/forms/run", null, 202);
        Assert.Equal(2, (await app.Finished(fired.GetProperty("id").GetGuid())).GetProperty("output").GetProperty("days").GetInt32());
        await app.Post("/schedules", new
        {
            name = "bad-forms", cron = "0 0 1 1 *", run = new { agent = "talker", question = "x", output = new { schema = false } },
        }, 400);
    }

    [Fact]
    public async Task A_fork_asks_for_the_same_form()
    {
        const string Question = "How many days, forked?";
        app.Model.Says(Question, """{"days":30}""", """{"days":31}""");
        var id = await app.Queue(Question, "talker", new { output = new { schema = Days }, parameters = new { seed = 7 } });
        await app.Finished(id);

        var fork = await app.Post($"/runs/{id}/fork", new { }, 202);
        var run = await app.Finished(fork.GetProperty("id").GetGuid());

        Assert.Equal(31, run.GetProperty("output").GetProperty("days").GetInt32());
        Assert.Equal(7, app.Model.Options(Question)[1]!.Seed);
    }
}
