using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agents.Host.Tests.Streaming;

/// <summary>The readers of all runs, and when the log is read for them.</summary>
public sealed class TailTests(App app)
{
    [Fact]
    public async Task A_client_that_leaves_before_the_log_is_read_is_not_waited_for()
    {
        using var tail = new Tail( // and it is not started
            app.Host.Services.GetRequiredService<NumberedFacts>(), ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services), NullLogger<Tail>.Instance);
        using var client = new CancellationTokenSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in new TenantFollower(tail).Follow("default", seesMoney: true, null, _ => true, client.Token)) { }
        }, TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => tail.Readers == 1, TimeSpan.FromSeconds(60));
        Assert.Equal(1, tail.Readers);

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal(0, tail.Readers);
    }

    [Fact]
    public async Task A_reader_that_stops_in_the_middle_is_counted_no_more()
    {
        var ct = TestContext.Current.CancellationToken;
        await app.Finished(await app.Queue("What does a reader that stops leave behind?", "counter"));
        using var tail = new Tail(
            app.Host.Services.GetRequiredService<NumberedFacts>(), ActivatorUtilities.CreateInstance<NodeSignals>(app.Host.Services),
            NullLogger<Tail>.Instance);
        await tail.StartAsync(ct);

        await foreach (var _ in new TenantFollower(tail).Follow("default", seesMoney: true, after: 0, _ => true, ct))
        {
            Assert.Equal(1, tail.Readers);
            break;
        }

        Assert.Equal(0, tail.Readers);
        await tail.StopAsync(ct);
    }

    [Fact]
    public void A_reader_that_comes_while_the_last_one_leaves_is_given_everything_that_comes_from_then_on()
    {
        var window = new TailWindow();
        var earlier = window.Join();
        window.Begin(settledNumber: 0);
        earlier.Dispose();
        using var reader = window.Join();
        Assert.True(window.TryBegin(out var view));

        Assert.False(window.EndIfUnread());

        window.Add([Fact(1)], settledNumber: 0);
        Assert.Equal([1], window.Since(view.Position).Facts!.Select(fact => fact.Number));
    }

    [Fact]
    public void A_window_that_no_reader_needs_ends_and_begins_anew_for_the_next()
    {
        var window = new TailWindow();
        window.Begin(settledNumber: 0);
        window.Add([Fact(1)], settledNumber: 0);

        Assert.True(window.EndIfUnread());
        using var reader = window.Join();
        Assert.False(window.TryBegin(out var before));
        window.Begin(settledNumber: 5);

        Assert.True(before.Changed.IsCompleted);
        Assert.True(window.TryBegin(out var view));
        Assert.Equal((5, 0), (view.Settled, window.Since(view.Position).Facts!.Count));
    }

    [Fact]
    public void A_reader_further_behind_than_what_is_kept_is_told_so()
    {
        var window = new TailWindow();
        using var reader = window.Join();
        window.Begin(settledNumber: 0);
        Assert.True(window.TryBegin(out var view));

        window.Add([.. Enumerable.Range(1, TailWindow.MostFacts + 1).Select(number => Fact(number))], settledNumber: 0);

        Assert.Null(window.Since(view.Position).Facts);
        Assert.Equal(TailWindow.MostFacts, window.Since(view.Position + 1).Facts!.Count);
    }

    [Fact]
    public void The_settled_number_waits_for_every_transaction_that_may_still_add_a_fact_before_it()
    {
        var settled = new SettledNumber();
        settled.Reset(10, [11]);
        Assert.False(settled.Add(11)); // read before
        Assert.True(settled.Add(13)); // and 12 belongs to a transaction that has not ended

        settled.SetMark(13, At(0));
        settled.MoveOn(oldest: 100, next: 101, At(0)); // too early: a number may be taken before the transaction has an id
        settled.MoveOn(oldest: 100, next: 105, At(1)); // the id is 105 now
        settled.MoveOn(oldest: 104, next: 110, At(2)); // 104 still runs
        Assert.Equal(10, settled.Number);
        Assert.False(settled.NeedsMark);

        Assert.True(settled.Add(12));
        settled.MoveOn(oldest: 105, next: 110, At(3));

        Assert.Equal(13, settled.Number);
        Assert.Empty(settled.Known);
        Assert.True(settled.NeedsMark);
    }

    static TimeSpan At(int moments) => moments * SettledNumber.UntilIdIsTaken;

    static TenantFact Fact(long number) =>
        new(number, Cursor: 0, "default", new(Guid.Empty, "talker", "running", number, "step_started", default, default));
}
