using Agents.Domain.Runs;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs that begin later, and runs that must be done by a time.</summary>
public sealed class RunTimesTests(App app)
{
    [Fact]
    public async Task A_run_does_not_begin_before_its_time()
    {
        var notBefore = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.AddSeconds(2).ToUnixTimeMilliseconds())
            .ToOffset(TimeSpan.FromHours(5));
        var id = await app.Queue("Later, please.", agent: "counter", more: new { notBefore });

        await app.Finished(id);
        var facts = await app.Stored(id);
        Assert.Equal(notBefore, Assert.IsType<RunQueued>(facts[0].Data).NotBefore);
        Assert.True(facts.Single(fact => fact.Data is RunStarted).Timestamp >= notBefore);
        Assert.Equal(notBefore, (await app.Get($"/runs/{id}")).GetProperty("notBefore").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_time_that_has_passed_means_now()
    {
        var id = await app.Queue("Late already.", agent: "counter", more: new { notBefore = DateTimeOffset.UtcNow.AddDays(-3) });

        await app.Finished(id);
        Assert.Null(((RunQueued)(await app.Facts(id))[0]).NotBefore);
    }

    [Fact]
    public async Task A_run_fails_at_its_deadline()
    {
        const string Question = "Do it soon.";
        app.Model.Says(Question, new TaskCompletionSource().Task, "never");
        var deadline = DateTimeOffset.UtcNow.AddSeconds(2);
        var id = await app.Queue(Question, agent: "talker", more: new { deadline });

        var run = await app.Finished(id);
        Assert.Equal(("failed", "Deadline"), (run.GetProperty("status").GetString(), run.GetProperty("failure").GetProperty("kind").GetString()));
        Assert.Contains("deadline", run.GetProperty("failure").GetProperty("message").GetString());
        Assert.True((await app.Stored(id)).Single(fact => fact.Data is RunFailed).Timestamp >= deadline);
    }

    [Fact]
    public async Task A_run_whose_time_has_not_come_can_be_cancelled()
    {
        var now = DateTimeOffset.UtcNow;
        var waits = await app.Queue("Never begun.", agent: "counter", more: new { notBefore = now.AddHours(1), deadline = now.AddHours(2) });
        Assert.Equal("queued", (await app.Get($"/runs/{waits}")).GetProperty("status").GetString());
        await app.Post($"/runs/{waits}/cancel", null, 200);
        Assert.DoesNotContain(await app.Facts(waits), fact => fact is RunStarted);
    }

    [Theory]
    [InlineData(367, null, "Too far ahead")]
    [InlineData(null, -1, "Deadline has passed")]
    [InlineData(2, 1, "Deadline before the start")]
    public async Task Times_that_make_no_sense_are_refused(int? notBeforeDays, int? deadlineDays, string title)
    {
        var now = DateTimeOffset.UtcNow;
        var body = App.Body("When?", "counter", new { notBefore = notBeforeDays is { } from ? now.AddDays(from) : (DateTimeOffset?)null,
            deadline = deadlineDays is { } to ? now.AddDays(to) : (DateTimeOffset?)null });

        Assert.Equal(title, (await app.Post("/runs", body, 400)).GetProperty("title").GetString());
    }
}
