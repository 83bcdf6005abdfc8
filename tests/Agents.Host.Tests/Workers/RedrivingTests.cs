using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Workers;

public sealed class RedrivingTests(App app)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_finds_itself_decided_sends_what_its_earlier_try_could_not_while_the_run_has_a_slot()
    {
        const string Question = "Whose COMMIT was answered by nobody?";
        var answer = new TaskCompletionSource();
        app.Model.Says(Question, answer.Task, "So it goes on.");
        var id = await app.Queue(Question, "halted");
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());
        var redriving = app.Host.Services.GetRequiredService<Redriving>();

        var later = await redriving.OwedNow("default", id, Cancellation);
        await app.Host.Scenario(call =>
        {
            call.Put.Json(new { reason = "no slots" }).ToUrl("/pauses/agent:halted");
            call.StatusCodeShouldBe(200);
        });
        await app.Post($"/runs/{id}/pause", null, 200); // which takes its slot, and the call goes on
        await app.Post($"/runs/{id}/resume", null, 200);
        var without = await redriving.OwedNow("default", id, Cancellation);
        await app.Host.Scenario(call =>
        {
            call.Delete.Url("/pauses/agent:halted");
            call.StatusCodeShouldBe(204);
        });
        answer.SetResult();

        Assert.Equal([new CallModel(id, Call: 1, Attempt: 1)], later.Select(work => work.Message));
        Assert.Empty(without);
        Assert.Equal("So it goes on.", (await app.Finished(id)).GetProperty("answer").GetString());
    }
}
