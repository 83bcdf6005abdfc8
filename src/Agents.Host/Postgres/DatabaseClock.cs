using System.Diagnostics;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>
/// The database's time as this node knows it: facts are stamped by it, so that a node whose own clock is wrong still books on the right day.
/// </summary>
/// <remarks>The offset to the node's clock is measured at start and every <see cref="Every"/>; half the round trip is the error.</remarks>
public class DatabaseClock : TimeProvider
{
    /// <summary>How often the offset is measured again.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    long offsetTicks;

    /// <summary>The database's clock less the node's.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Interlocked.Read(ref offsetTicks));

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;

    /// <summary>A new id that sorts by time.</summary>
    public virtual Guid NewId() => Guid.CreateVersion7();

    /// <summary>The accounting day, UTC.</summary>
    public DateOnly Today() => DateOnly.FromDateTime(GetUtcNow().UtcDateTime);

    /// <summary>Asks the database what time it is.</summary>
    /// <exception cref="NpgsqlException">The database cannot be reached; the last offset stays.</exception>
    public async Task Measure(NpgsqlConnection connection, CancellationToken ct)
    {
        var before = Stopwatch.GetTimestamp();
        var theirs = await connection.First<DateTimeOffset>("select clock_timestamp()", null, ct);
        var half = Stopwatch.GetElapsedTime(before) / 2;
        Interlocked.Exchange(ref offsetTicks, (theirs + half - System.GetUtcNow()).Ticks);
    }
}
