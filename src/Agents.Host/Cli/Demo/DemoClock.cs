using Agents.Host.Postgres;

namespace Agents.Host.Cli.Demo;

/// <summary>The time of the runs of the demo: it stands still until it is moved, so that a run of an hour is filled in within a moment.</summary>
sealed class DemoClock : DatabaseClock
{
    long? ticks;

    public override DateTimeOffset GetUtcNow() => ticks is { } told ? new(told, TimeSpan.Zero) : base.GetUtcNow();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Sorts by the time of the demo.</summary>
    public override Guid NewId() => Guid.CreateVersion7(GetUtcNow());

    public void MoveTo(DateTimeOffset moment) => ticks = moment.UtcTicks;

    public void Advance(TimeSpan by) => MoveTo(GetUtcNow() + by);

    /// <summary>Follows the database again.</summary>
    public void Release() => ticks = null;
}
