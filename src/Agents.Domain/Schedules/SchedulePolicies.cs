namespace Agents.Domain.Schedules;

/// <summary>What becomes of a firing while a run of the same schedule has not ended. Stored by name: add, never rename.</summary>
public enum Overlap
{
    /// <summary>There is no run for it.</summary>
    Skip,

    /// <summary>Its run waits until the earlier ones have ended.</summary>
    Queue,

    /// <summary>The earlier runs are cancelled.</summary>
    Cancel,
}

/// <summary>What becomes of firings whose time passed while no server ran. Stored by name: add, never rename.</summary>
public enum Missed
{
    /// <summary>There are no runs for them.</summary>
    Skip,

    /// <summary>One run makes up for all of them.</summary>
    Once,

    /// <summary>Each gets its run, the latest ones as many as may be.</summary>
    All,
}

/// <summary>Which firings are made, and what an overlap means for each.</summary>
public static class SchedulePolicies
{
    /// <summary>A firing is in time when it is made within this, and a server ran when it was due.</summary>
    public static readonly TimeSpan InTimeWithin = TimeSpan.FromMinutes(1);

    /// <summary>Runs of one schedule that may wait or work at the same time; beyond that firings are skipped.</summary>
    public const int MostUnfinished = 100;

    /// <summary>A look so much later than it was to be is one after a break: the machine stood still, or slept.</summary>
    public static readonly TimeSpan Break = TimeSpan.FromSeconds(10);

    /// <summary>Since when a server has looked for what is due without a break, when it looks again now.</summary>
    /// <param name="before">
    /// The same when it last looked, and when that was, by the clock of schedules, which goes on while a machine sleeps. Null when it has not looked
    /// yet.
    /// </param>
    /// <param name="pause">How long it was to wait since then.</param>
    public static DateTimeOffset WatchedSince((DateTimeOffset Since, DateTimeOffset At)? before, TimeSpan pause, DateTimeOffset now) =>
        before is var (since, at) && now - at <= pause + Break ? since : now;

    /// <summary>Of the times that have passed since the last firing, those that get a run.</summary>
    /// <param name="passed">Oldest first.</param>
    /// <param name="watchedSince">Since when a server has looked for what is due without a break: what was due before it was missed.</param>
    /// <param name="most">How many <see cref="Missed.All"/> makes at most.</param>
    public static IReadOnlyList<DateTimeOffset> Due(
        IReadOnlyList<DateTimeOffset> passed, DateTimeOffset watchedSince, DateTimeOffset now, Missed policy, int most)
    {
        var inTime = passed.Where(at => at >= watchedSince && now - at <= InTimeWithin).ToList();
        return policy switch
        {
            Missed.All => [.. passed.Skip(Math.Max(0, passed.Count - Math.Max(most, inTime.Count)))],
            Missed.Once when inTime.Count == 0 && passed.Count > 0 => [passed[^1]],
            _ => inTime, // one that is in time makes up for those before it
        };
    }

    /// <summary>What is done about a firing.</summary>
    /// <param name="unfinished">Runs of the schedule that have not ended.</param>
    public static Answer To(Overlap policy, int unfinished) => policy switch
    {
        _ when unfinished == 0 => Answer.Run,
        Overlap.Queue => unfinished < MostUnfinished ? Answer.RunAfter : Answer.Skip,
        Overlap.Cancel => Answer.CancelAndRun,
        _ => Answer.Skip,
    };

    /// <summary>What is done about one firing.</summary>
    public enum Answer
    {
        /// <summary>Its run begins as soon as it gets a slot.</summary>
        Run,

        /// <summary>Its run begins when the one before has ended.</summary>
        RunAfter,

        /// <summary>The earlier runs are cancelled, and its run begins.</summary>
        CancelAndRun,

        /// <summary>There is no run.</summary>
        Skip,
    }
}
