using Agents.Host.Engine.Attempts;
using Agents.Host.Postgres;

namespace Agents.Host.Tests.Workers;

public sealed class InFlightTests
{
    static readonly object Message = new();

    [Fact]
    public async Task What_was_performed_and_not_stored_is_kept_and_does_not_keep_the_watchdog_away()
    {
        var (inFlight, run, performed) = (new InFlight(new DatabaseClock()), Guid.CreateVersion7(), 0);

        var first = await Perform();
        Assert.False(inFlight.IsPerforming(run));
        var second = await Perform();

        Assert.Equal(("paid for", "paid for", 1), (first, second, performed));
        Assert.Equal([("default", Message)], inFlight.Unreported(TimeSpan.Zero));
        Assert.Empty(inFlight.Unreported(TimeSpan.FromMinutes(1)));

        Task<string?> Perform() => inFlight.Perform("default", Message, run, "call 1.1", _ =>
        {
            Assert.True(inFlight.IsPerforming(run));
            performed++;
            return Task.FromResult<string?>("paid for");
        });
    }

    [Fact]
    public async Task What_is_under_way_is_not_performed_a_second_time()
    {
        var (inFlight, run, gate) = (new InFlight(new DatabaseClock()), Guid.CreateVersion7(), new TaskCompletionSource<string?>());
        var first = inFlight.Perform("default", Message, run, "call 1.1", _ => gate.Task);

        Assert.Null(await inFlight.Perform("default", Message, run, "call 1.1", _ => Task.FromResult<string?>("twice")));

        gate.SetResult("once");
        Assert.Equal("once", await first);
    }

    [Fact]
    public async Task What_was_not_due_is_forgotten()
    {
        var (inFlight, run) = (new InFlight(new DatabaseClock()), Guid.CreateVersion7());

        Assert.Null(await inFlight.Perform("default", Message, run, "call 1.1", _ => Task.FromResult<string?>(null)));
        Assert.Equal("now", await inFlight.Perform("default", Message, run, "call 1.1", _ => Task.FromResult<string?>("now")));
    }
}
