using System.Collections;
using System.Reflection;
using Agents.Host.Engine.Signals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agents.Host.Tests.Streaming;

/// <summary>Texts under way, and other nodes that ask for them.</summary>
public sealed class DeltasTests(App app)
{
    [Fact]
    public async Task Nothing_is_kept_of_an_attempt_that_ends_while_another_node_asks_for_its_text()
    {
        const int Attempts = 20_000;
        var signals = ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services);
        using var deltas = new Deltas(signals, app.Database, NullLogger<Deltas>.Instance); // not started: nothing is written
        var run = Guid.CreateVersion7();
        using var done = new CancellationTokenSource();
        var asking = Task.Run(() =>
        {
            while (!done.IsCancellationRequested) signals.Receive(new(run, News.Followed));
        });

        for (var attempt = 1; attempt <= Attempts; attempt++)
            using (deltas.Begin("default", run, 1, attempt)) Assert.NotNull(deltas.Of(run));
        await done.CancelAsync();
        await asking;

        var kept = typeof(Deltas).GetFields(BindingFlags.Instance | BindingFlags.NonPublic).Select(field => field.GetValue(deltas))
            .OfType<ICollection>().ToList();
        Assert.NotEmpty(kept); // the fields are found
        Assert.All(kept, collection => Assert.Empty(collection));
    }

    [Fact]
    public async Task A_text_is_asked_for_no_more_when_the_readers_of_the_other_node_have_left()
    {
        var signals = ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services);
        using var deltas = new Deltas(signals, app.Database, NullLogger<Deltas>.Instance);
        var run = Guid.CreateVersion7();
        using var reply = deltas.Begin("default", run, 1, 1);

        signals.Receive(new(run, News.Followed));
        Assert.True(reply.IsAsked);

        await App.Until("a text that is not asked for", () => Task.FromResult(!reply.IsAsked));
    }

    [Fact]
    public void An_attempt_that_ends_takes_nothing_from_the_next_one_that_another_node_asked_for()
    {
        var signals = ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services);
        using var deltas = new Deltas(signals, app.Database, NullLogger<Deltas>.Instance);
        var run = Guid.CreateVersion7();
        var first = deltas.Begin("default", run, 1, 1);
        var second = deltas.Begin("default", run, 1, 2);
        Assert.False(second.IsAsked);

        signals.Receive(new(run, News.Followed));
        first.Dispose();

        Assert.True(second.IsAsked);
        Assert.Equal(2, deltas.Of(run)!.Attempt);
    }
}
