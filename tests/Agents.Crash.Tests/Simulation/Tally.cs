namespace Agents.Crash.Tests.Simulation;

/// <summary>What happened in simulated runs, counted.</summary>
sealed class Tally
{
    public long Seeds { get; set; }
    public long Ticks { get; set; }
    public long Facts { get; set; }
    public long Requests { get; set; }
    public long Crashes { get; set; }
    public long Pauses { get; set; }
    public long Duplicates { get; set; }
    public long LostMessages { get; set; }
    public long WrongVerdicts { get; set; }
    public long Redrives { get; set; }
    public long StaleWrites { get; set; }
    public long Unconfirmed { get; set; }
    public long Resolved { get; set; }
    public long Completed { get; set; }
    public long Failed { get; set; }
    public long Cancelled { get; set; }
    public long Children { get; set; }
    public long Forks { get; set; }
    public long Refusals { get; set; }
    public long RateWaits { get; set; }
    public long Drains { get; set; }
    public long Expired { get; set; }
    public long Skipped { get; set; }
    public long TakenAgain { get; set; }
    public long WaitsByTime { get; set; }
    public long WaitsBySignal { get; set; }
    public long Takeovers { get; set; }
    public long Closings { get; set; }
    public long Unfit { get; set; }

    /// <summary>A node died between the failure of a model and the attempt of the one that takes over.</summary>
    public long DeathsBeforeTakeovers { get; set; }

    public long Violations { get; set; }

    public void Add(Tally other)
    {
        Seeds += other.Seeds;
        Ticks += other.Ticks;
        Facts += other.Facts;
        Requests += other.Requests;
        Crashes += other.Crashes;
        Pauses += other.Pauses;
        Duplicates += other.Duplicates;
        LostMessages += other.LostMessages;
        WrongVerdicts += other.WrongVerdicts;
        Redrives += other.Redrives;
        StaleWrites += other.StaleWrites;
        Unconfirmed += other.Unconfirmed;
        Resolved += other.Resolved;
        Completed += other.Completed;
        Failed += other.Failed;
        Cancelled += other.Cancelled;
        Children += other.Children;
        Forks += other.Forks;
        Refusals += other.Refusals;
        RateWaits += other.RateWaits;
        Drains += other.Drains;
        Expired += other.Expired;
        Skipped += other.Skipped;
        TakenAgain += other.TakenAgain;
        WaitsByTime += other.WaitsByTime;
        WaitsBySignal += other.WaitsBySignal;
        Takeovers += other.Takeovers;
        Closings += other.Closings;
        Unfit += other.Unfit;
        DeathsBeforeTakeovers += other.DeathsBeforeTakeovers;
        Violations += other.Violations;
    }
}
