using System.Buffers.Text;
using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Queues;

/// <summary>Any user of the database can send notifications to the nodes. They wake, and do nothing else.</summary>
public sealed class ForeignNotificationTests(Pool pool) : IClassFixture<Pool>
{
    [Fact]
    public async Task A_notification_that_no_node_sent_aborts_no_call_and_breaks_no_node()
    {
        await pool.Clear();
        pool.Model.Close();
        var run = (await pool.Queue(1))[0];
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 1), "the call");
        var heard = new[] { 0, 1 }.Select(node => Heard(node, run)).ToList();

        foreach (var payload in new[] { "", " ", "nobody", "nobody ", "nobody e", "nobody e????????????????????????", new string('x', 7_900) })
            await pool.Execute("select pg_notify('agents_signals', $1)", payload);
        await pool.Execute("select pg_notify('agents_signals', $1)", $"nobody e{Base64Url.EncodeToString(run.ToByteArray())}");
        await Task.WhenAll(heard).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(1, pool.Model.Inside);
        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended([run]) == 1, "the end");
        var facts = await pool.Facts(run);
        Assert.IsType<RunCompleted>(facts[^1]);
        Assert.Single(facts.OfType<ModelCallStarted>());
        Assert.Empty(facts.OfType<ModelCallOutcomeUnknown>());
    }

    /// <summary>Completes when the node has taken a signal about the run.</summary>
    Task Heard(int node, Guid run)
    {
        var heard = new TaskCompletionSource();
        pool.Services(node).GetRequiredService<NodeSignals>().Written += about =>
        {
            if (about == run) heard.TrySetResult();
        };
        return heard.Task;
    }
}
