using Agents.Host.Postgres;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The world's ticks as the engine's clock, and ids drawn by the world.</summary>
sealed class SimulatedClock(World world, SimulatedProcess process) : DatabaseClock
{
    static readonly DateTimeOffset Beginning = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => World.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => At(world.Now);

    public override long GetTimestamp() => world.Now;

    public override Guid NewId() => world.NewId();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public static DateTimeOffset At(int tick) => Beginning.AddSeconds(tick / (double)World.TicksPerSecond);

    public static int TickOf(DateTimeOffset time) => (int)Math.Round((time - Beginning).TotalSeconds * World.TicksPerSecond);

    /// <summary>The tick in so long, at least the next one.</summary>
    public static int In(TimeSpan time) => (int)Math.Clamp(Math.Ceiling(time.TotalSeconds * World.TicksPerSecond), 1, 1_000_000);

    sealed class Timer(SimulatedProcess process, Action fire) : ITimer
    {
        Waiting? waiting;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Dispose();
            if (dueTime != Timeout.InfiniteTimeSpan) waiting = process.WaitQuietly(fire, In(dueTime));
            return true;
        }

        public void Dispose()
        {
            if (waiting is { } pending) process.Forget(pending);
            waiting = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
