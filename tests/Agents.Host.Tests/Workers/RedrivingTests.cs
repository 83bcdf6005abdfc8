using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

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
        var id = await app.Queue(Question, TestAgents.Talker.Name);
        await app.Until(id, facts => facts.OfType<ModelCallStarted>().Any());
        var redriving = app.Host.Services.GetRequiredService<Redriving>();

        var later = await redriving.OwedNow("default", id, Cancellation);
        await Queue("node = null, waits_for = 'approval'");
        var without = await redriving.OwedNow("default", id, Cancellation);
        await Queue("waits_for = null");
        answer.SetResult();

        Assert.Equal([new CallModel(id, Call: 1, Attempt: 1)], later.Select(work => work.Message));
        Assert.Empty(without);

        async Task Queue(string change)
        {
            await using var command = app.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"update agents.run_queue set {change} where run_id = $1");
            command.Parameters.Add(new() { Value = id });
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Cancellation));
        }
    }
}
