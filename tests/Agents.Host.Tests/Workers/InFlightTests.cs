using Agents.Host.Workers;

namespace Agents.Host.Tests.Workers;

public sealed class InFlightTests
{
    [Fact]
    public void What_was_performed_and_not_stored_is_kept_and_does_not_keep_the_watchdog_away()
    {
        var (inFlight, run) = (new InFlight(), Guid.CreateVersion7());
        var effort = inFlight.Begin(run, "call 1.1")!;
        Assert.True(inFlight.IsPerforming(run));

        effort.Report = "paid for";

        Assert.False(inFlight.IsPerforming(run));
        Assert.Equal("paid for", inFlight.Find(run, "call 1.1")!.Report);
    }
}
