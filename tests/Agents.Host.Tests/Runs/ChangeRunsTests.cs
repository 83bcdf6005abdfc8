using System.Net;
using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

/// <summary>One command on many runs. The agents here have their runs to themselves, so that no other test's are touched.</summary>
public sealed class ChangeRunsTests(App app)
{
    [Fact]
    public async Task All_runs_parked_for_a_reason_are_resumed_at_once()
    {
        var refused = new HttpRequestException("The key was refused.", null, HttpStatusCode.Unauthorized);
        string[] questions = ["Resume us, one.", "Resume us, two.", "Resume us, three."];
        foreach (var question in questions) app.Model.Says(question, refused, "Here we are.");
        var ids = await Task.WhenAll(questions.Select(question => app.Queue(question, agent: "parked")));
        var kind = (await app.Until(ids[0], "parked")).GetProperty("failure").GetProperty("kind").GetString();
        foreach (var id in ids) await app.Until(id, "parked");

        var listed = await app.Get($"/runs?status=parked&agent=parked&failure={kind}");
        Assert.Equal(ids.Order(), listed.GetProperty("items").EnumerateArray().Select(run => run.GetProperty("id").GetGuid()).Order());
        Assert.Empty((await app.Get("/runs?status=parked&agent=parked&failure=Timeout")).GetProperty("items").EnumerateArray());
        await app.Get("/runs?failure=Boredom", 400);

        var other = await app.Post("/runs/resume", new { agent = "parked", failure = "RateLimited" }, 200);
        Assert.Equal(0, other.GetProperty("changed").GetArrayLength());

        var first = await app.Post("/runs/resume", new { agent = "parked", status = "parked", failure = kind, limit = 2, reason = "new key" }, 200);
        Assert.Equal(2, first.GetProperty("changed").GetArrayLength());
        Assert.True(first.GetProperty("hasMore").GetBoolean());
        var second = await app.Post("/runs/resume", new { agent = "parked" }, 200);
        Assert.False(second.GetProperty("hasMore").GetBoolean());

        foreach (var id in ids) Assert.Equal("Here we are.", (await app.Finished(id)).GetProperty("answer").GetString());
        Assert.Equal(2,
            (await Task.WhenAll(ids.Select(app.Facts))).Count(facts => facts.OfType<RunResumed>().Single() == new RunResumed("operator", "new key")));
    }

    [Fact]
    public async Task All_runs_of_an_agent_are_cancelled_at_once()
    {
        string[] questions = ["Cancel us, one.", "Cancel us, two."];
        foreach (var question in questions) app.Model.Says(question, new TaskCompletionSource().Task, "never");
        var ids = await Task.WhenAll(questions.Select(question => app.Queue(question, agent: "cancelled")));

        var cancelled = await app.Post("/runs/cancel", new { agent = "cancelled" }, 200);
        Assert.Equal(ids.Order(), cancelled.GetProperty("changed").EnumerateArray().Select(id => id.GetGuid()).Order());

        foreach (var id in ids) Assert.Equal("cancelled", (await app.Finished(id)).GetProperty("status").GetString());
        Assert.Equal(0, (await app.Post("/runs/cancel", new { agent = "cancelled" }, 200)).GetProperty("changed").GetArrayLength());
    }

    [Theory]
    [InlineData("/runs/resume", "completed", null, 10, "Status does not fit")]
    [InlineData("/runs/cancel", "failed", null, 10, "Status does not fit")]
    [InlineData("/runs/resume", null, "Boredom", 10, "Unknown failure")]
    [InlineData("/runs/resume", null, null, 1001, "Bad limit")]
    [InlineData("/runs/cancel", null, null, 0, "Bad limit")]
    public async Task What_does_not_fit_is_refused_and_nothing_changes(string url, string? status, string? failure, int limit, string title) =>
        Assert.Equal(title, (await app.Post(url, new { agent = "nobody", status, failure, limit }, 400)).GetProperty("title").GetString());
}
