using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

/// <summary>What a person says about a tool call that may have had its effect, over HTTP.</summary>
public sealed class ResolveToolCallTests(App app)
{
    [Fact]
    public async Task The_model_is_told_what_the_person_found_and_the_run_goes_on()
    {
        const string Question = "Please write to the archive and look.";
        var id = await InDoubt(Question);
        var call = (await app.Get($"/runs/{id}/tool-calls")).GetProperty("items")[0];
        Assert.Equal(("failed", true), (call.GetProperty("status").GetString(), call.GetProperty("isInDoubt").GetBoolean()));

        await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", new { result = "it is in the archive", reason = "I looked" }, 200);

        Assert.Equal("I have looked.", (await app.Finished(id)).GetProperty("answer").GetString());
        var said = (await app.Facts(id)).OfType<ToolCallResolved>().Single();
        Assert.Equal(new("c0001t001", 1, "it is in the archive", null, "operator", "I looked"), said);
        Assert.Equal("it is in the archive", Told(Question));
        Assert.Single((await app.Facts(id)).OfType<ToolCallStarted>());
        await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", new { again = true }, 409);
    }

    [Fact]
    public async Task A_call_without_effect_is_made_again_or_told_to_the_model()
    {
        const string Question = "Please write to the archive and try again.";
        var id = await InDoubt(Question);

        await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", new { again = true }, 200);
        await app.Until(id, facts => facts.OfType<RunParked>().Count() == 2); // the archive breaks off each time

        Assert.Equal(2, (await app.Facts(id)).OfType<ToolCallStarted>().Count());
        await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", new { failed = "the archive is shut" }, 200);
        await app.Finished(id);
        Assert.Equal("Error: the archive is shut", Told(Question));
    }

    [Fact]
    public async Task What_is_not_in_doubt_or_not_said_clearly_is_refused()
    {
        var id = await InDoubt("Please write to the archive and wait.");

        foreach (object wrong in new object[]
        {
            new { }, new { result = "x", failed = "y" }, new { again = false }, new { failed = new string('x', 501) }, new { again = true, reason = new string('x', 501) },
        })
            await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", wrong, 400);
        await app.Post($"/runs/{id}/tool-calls/c0009t001/resolve", new { again = true }, 409);
        await app.Post($"/runs/{Guid.CreateVersion7()}/tool-calls/c0001t001/resolve", new { again = true }, 404);
        Assert.Empty((await app.Facts(id)).OfType<ToolCallResolved>());
        await app.Post($"/runs/{id}/cancel", null, 200);
        await app.Post($"/runs/{id}/tool-calls/c0001t001/resolve", new { again = true }, 409);
    }

    [Fact]
    public async Task Approvals_lists_what_waits_over_all_runs_until_it_is_answered()
    {
        const string Question = "Please shred the contract of the list.";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "It is gone.");
        var id = await app.Queue(Question, agent: "clerk");
        await app.Until(id, facts => facts.OfType<ToolCallRequested>().Any());

        var waiting = (await app.Get("/approvals?limit=200")).GetProperty("items").EnumerateArray()
            .Single(item => item.GetProperty("runId").GetGuid() == id);
        Assert.Equal(
            ("c0001t001", "shred", "clerk", Question, "running", "work"),
            (Text("toolCallId"), Text("tool"), Text("agent"), Text("question"), Text("status"), Text("stepName")));
        Assert.Contains("contract", Text("arguments"), StringComparison.Ordinal);
        Assert.InRange(DateTimeOffset.UtcNow - waiting.GetProperty("since").GetDateTimeOffset(), TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(5));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, waiting.GetProperty("until").ValueKind);

        await app.Post($"/runs/{id}/tool-calls/c0001t001/approve", null, 200);
        await app.Finished(id);
        Assert.DoesNotContain(
            (await app.Get("/approvals?limit=200")).GetProperty("items").EnumerateArray(), item => item.GetProperty("runId").GetGuid() == id);
        await app.Get("/approvals?limit=0", 400);

        string? Text(string name) => waiting.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Approvals_come_page_by_page()
    {
        var ids = new List<Guid>();
        foreach (var number in new[] { "one", "two" })
        {
            var question = $"Please shred page {number}.";
            app.Model.Says(question, ("shred", new { document = number }), "Gone.");
            ids.Add(await app.Queue(question, agent: "clerk"));
            await app.Until(ids[^1], facts => facts.OfType<ToolCallRequested>().Any());
        }

        var (seen, next) = (new List<Guid>(), "");
        do
        {
            var page = await app.Get($"/approvals?limit=1{(next.Length > 0 ? $"&cursor={next}" : "")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("runId").GetGuid()));
            next = page.GetProperty("next").GetString() ?? "";
        }
        while (next.Length > 0);

        Assert.Equal(ids, seen.Where(ids.Contains));
        Assert.Equal(seen.Count, seen.Distinct().Count());
        foreach (var id in ids) await app.Post($"/runs/{id}/cancel", null, 200);
    }

    async Task<Guid> InDoubt(string question)
    {
        app.Model.Says(question, ("send_letter", new { to = "the archive" }), "I have looked.");
        var id = await app.Queue(question, agent: "clerk");
        await app.Until(id, facts => facts.OfType<RunParked>().Any());
        return id;
    }

    string Told(string question) => $"{app.Model.Asked(question)[^1].SelectMany(message => message.Contents)
        .OfType<Microsoft.Extensions.AI.FunctionResultContent>().Single().Result}";
}
