using Agents.Domain.Runs;
using Agents.Host.Engine.Duties;
using Alba;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Duties;

/// <summary>The message of a fork's end to the run whose budget it draws on may be lost.</summary>
[Collection(nameof(PoisonedServer))]
public sealed class LostForkTests(PoisonedServer server)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    App App => server.App;

    [Fact]
    public async Task A_fork_whose_end_was_not_told_gives_back_what_it_did_not_spend_all_the_same()
    {
        const string Question = "Who hears of the end of the fork?";
        App.Model.Says(Question, "The root.", "The fork.");
        var root = await App.Queue(Question, "talker", new { budgetUsd = 0.5m });
        await App.Finished(root);
        var fork = (await App.Post($"/runs/{root}/fork", new { }, 202)).GetProperty("id").GetGuid();
        await App.Until(root, facts => facts.OfType<ForkEnded>().Any());
        await using (var session = App.Host.DocumentStore().LightweightSession("default"))
        {
            session.Events.Append(root, new ForkStarted(fork, 0.1m)); // as if the message had been lost
            await session.SaveChangesAsync(Cancellation);
        }

        var left = await App.Host.Services.GetRequiredService<RunsDue>().LeftOfFamilies(TimeSpan.Zero, Cancellation);
        Assert.Contains(new FoundRun("default", fork), left);
        await App.Host.Services.GetRequiredService<SeeToChildren>().SeeTo(new("default", fork), Cancellation);

        await App.Until(root, facts => facts.OfType<ForkEnded>().Count() == 2);
        Assert.Equal(0L, await App.Scalar<long>("select count(*) from agents.fork_hold where fork = $1", fork));
    }
}
