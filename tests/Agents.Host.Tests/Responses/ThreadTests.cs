using Agents.Domain.Runs;

namespace Agents.Host.Tests.Responses;

public sealed class ThreadTests(App app)
{
    [Fact]
    public async Task Earlier_questions_and_answers_of_the_thread_are_part_of_the_conversation()
    {
        app.Model.Says("Thread one?", "One.").Says("Thread two?", "Two.").Says("Thread three?", "Three.");
        var ids = new List<Guid>();
        foreach (var question in new[] { "Thread one?", "Thread two?", "Thread three?" })
        {
            ids.Add(await app.Queue(question, "talker", new { threadId = "counting" }));
            await app.Finished(ids[^1]);
        }

        Assert.Equal(
            ["Answer.", "Thread one?", "One.", "Thread two?", "Two.", "Thread three?"],
            app.Model.Asked("Thread three?")[0].Select(message => message.Text));
        var thread = (await app.Get("/threads/counting?limit=2")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(ids.Take(2), thread.Select(run => run.GetProperty("id").GetGuid()));
        Assert.Equal(ids[0], thread[1].GetProperty("previous").GetGuid());
        var rest = await app.Get($"/threads/counting?limit=2&cursor={ids[1]}");
        Assert.Equal(ids[2], rest.GetProperty("items")[0].GetProperty("id").GetGuid());
        await app.Get("/threads/nobody-began-this", 404);
        await app.Get("/threads/counting?cursor=nonsense", 400);
    }

    [Fact]
    public async Task A_busy_thread_refuses_another_run_unless_told_otherwise()
    {
        app.Model.Says("Busy?", new TaskCompletionSource().Task, "No more.");
        var busy = await app.Queue("Busy?", "talker", new { threadId = "busy" });

        var problem = await app.Post("/runs", App.Body("Me too!", "talker", new { threadId = "busy" }), 409);

        Assert.Contains(busy.ToString(), problem.GetProperty("detail").GetString());
        await app.Post($"/runs/{busy}/cancel", null, 200);
        await app.Finished(await app.Queue("Me now!", "counter", new { threadId = "busy" }));
        Assert.Equal(0L, await app.Scalar<long>("select count(*) from agents.run_summary where question = 'Me too!'"));
    }

    [Fact]
    public async Task A_run_that_is_enqueued_waits_for_the_one_before_it()
    {
        var gate = new TaskCompletionSource();
        app.Model.Says("First in line?", gate.Task, "First.").Says("Second in line?", "Second.").Says("Third in line?", "Third.");
        var first = await app.Queue("First in line?", "talker", new { threadId = "line" });
        await app.Until(first, facts => facts.OfType<ModelCallStarted>().Any());

        var second = await app.Queue("Second in line?", "talker", new { threadId = "line", multitask = "enqueue" });
        var third = await app.Queue("Third in line?", "talker", new { threadId = "line", multitask = "enqueue" });
        await app.Finished(await app.Queue("Somebody else", "counter"));
        Assert.Equal("queued", (await app.Get($"/runs/{second}")).GetProperty("status").GetString());
        gate.SetResult();

        await app.Finished(third);
        Assert.Equal(
            ["Answer.", "First in line?", "First.", "Second in line?", "Second.", "Third in line?"],
            app.Model.Asked("Third in line?")[0].Select(message => message.Text));
        var stored = new[] { await app.Stored(first), await app.Stored(second), await app.Stored(third) };
        Assert.True(stored[0][^1].Timestamp <= stored[1].Single(fact => fact.Data is RunStarted).Timestamp);
        Assert.True(stored[1][^1].Timestamp <= stored[2].Single(fact => fact.Data is RunStarted).Timestamp);
    }

    [Fact]
    public async Task A_run_that_interrupts_cancels_the_one_before_it()
    {
        app.Model.Says("Interrupt me?", new TaskCompletionSource().Task, "Never.").Says("Interrupting.", "Done.");
        var first = await app.Queue("Interrupt me?", "talker", new { threadId = "hasty" });
        await app.Until(first, facts => facts.OfType<ModelCallStarted>().Any());

        var second = await app.Queue("Interrupting.", "talker", new { threadId = "hasty", multitask = "interrupt" });

        Assert.Equal("completed", (await app.Finished(second)).GetProperty("status").GetString());
        Assert.Equal("cancelled", (await app.Get($"/runs/{first}")).GetProperty("status").GetString());
        Assert.Equal(["Answer.", "Interrupting."], app.Model.Asked("Interrupting.")[0].Select(message => message.Text));
    }

    [Fact]
    public async Task Of_many_runs_at_once_a_thread_takes_one()
    {
        app.Model.Says("At once?", new TaskCompletionSource().Task, "No more.");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = app.Client();
            using var answer = await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(
                client, "/runs", App.Body("At once?", "talker", new { threadId = "at once" }));
            return (int)answer.StatusCode;
        }));

        Assert.Equal([202, .. Enumerable.Repeat(409, 19)], answers.Order());
        var run = (await app.Get("/threads/at once")).GetProperty("items")[0].GetProperty("id").GetGuid();
        await app.Post($"/runs/{run}/cancel", null, 200);
    }

    [Theory]
    [InlineData("", null, "Bad thread")]
    [InlineData(null, "enqueue", "No thread")]
    [InlineData("fine", "nonsense", "JSON")]
    public async Task A_thread_that_makes_no_sense_is_refused(string? threadId, string? multitask, string title)
    {
        var problem = await app.Post("/runs", App.Body("Threadless?", "talker", new { threadId, multitask }), 400);

        Assert.Contains(title, problem.GetProperty("title").GetString());
    }
}
