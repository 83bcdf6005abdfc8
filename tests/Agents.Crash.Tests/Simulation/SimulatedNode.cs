using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A message in an inbox; durable.</summary>
/// <param name="DueAt">Not delivered before this tick.</param>
sealed record Envelope(object Message, int DueAt);

/// <summary>One process: its inbox, which outlives it, and all that it has in memory, which does not.</summary>
sealed class SimulatedNode(World world, int position)
{
    const int AtOnce = 4;
    const int SecondsToRestart = 4;

    readonly List<Envelope> inbox = [];
    readonly List<Activity> activities = [];
    int starts = 1;
    int watchesAt;

    /// <summary>Unique for each start of the process.</summary>
    public string Name { get; private set; } = $"n{position}.1";

    /// <summary>The attempts this process is performing, or has performed and not yet reported.</summary>
    public Dictionary<string, Effort> Efforts { get; private set; } = [];

    /// <summary>What this process really is doing, whether or not it knows.</summary>
    public HashSet<string> Performing { get; private set; } = [];

    /// <summary>It does not move before this tick: it is paused, or dead and not up again.</summary>
    public int StillUntil { get; set; }

    public bool IsStill() => world.Now < StillUntil;

    public bool IsQuiet() => inbox.Count == 0 && activities.Count == 0;

    /// <summary>Does one thing: goes on with something it has begun, takes a message, or looks for work.</summary>
    public void Move()
    {
        var movable = 0;
        foreach (var activity in activities) movable += activity.MayMoveAt <= world.Now ? 1 : 0;
        var due = 0;
        if (activities.Count < AtOnce)
            foreach (var envelope in inbox) due += envelope.DueAt <= world.Now ? 1 : 0;
        var admits = world.Log.Row is { State: SlotState.Waiting } ? 1 : 0;
        var watches = watchesAt <= world.Now && world.Log.Row is { State: not SlotState.Waiting } && world.Mutant is not Mutant.NoWatchdog ? 1 : 0;
        if (movable + due + admits + watches == 0) return;

        var choice = world.Random.Next(movable + due + admits + watches);
        if (choice < movable) GoOn(activities.Where(activity => activity.MayMoveAt <= world.Now).ElementAt(choice));
        else if (choice < movable + due) Take(inbox.Where(envelope => envelope.DueAt <= world.Now).ElementAt(choice - movable));
        else if (choice < movable + due + admits) Begin(Command((run, agent) => RunDecider.Decide(run, agent, new StartRun(Name))));
        else Watch();
    }

    public void Receive(object message, int dueAt) => inbox.Add(new(message, dueAt));

    /// <summary>A decision of a person or a clock, in two steps between which anything may happen.</summary>
    public IEnumerator<int> Command(Func<Run, AgentDefinition, Decision> decide)
    {
        var version = world.Log.Version;
        var decision = decide(world.Log.Run, world.Agent);
        yield return 0;
        if (decision.Events.Count > 0) Commit(version, decision.Events, decision.Due(), decision.Slot());
    }

    public void Begin(IEnumerator<int> steps, Envelope? envelope = null) => activities.Add(new(steps, envelope));

    /// <summary>All volatile state is gone; what it was handling is delivered again, here or elsewhere.</summary>
    public void Crash()
    {
        world.Trace?.Note($"{Name} crashes");
        world.Checks.Died(Name);
        var left = activities.Select(activity => activity.Envelope).OfType<Envelope>().Concat(inbox).ToList();
        inbox.Clear();
        activities.Clear();
        Efforts = [];
        Performing = [];
        Name = $"n{position}.{++starts}";
        StillUntil = world.Now + SecondsToRestart * World.TicksPerSecond;
        foreach (var envelope in left)
        {
            if (world.Hits(world.Faults.LoseInbox))
            {
                world.Tally.LostMessages++;
                continue;
            }

            world.AnyNode().Receive(envelope.Message, Math.Max(envelope.DueAt, world.Now + world.Random.Next(10)));
        }
    }

    /// <summary>One transaction: facts, and the messages they owe. False when the caller is told that it failed.</summary>
    /// <param name="use">What becomes of the run's slot. Null when it stays as it is.</param>
    public bool Commit(int version, IReadOnlyList<RunEvent> facts, IEnumerable<Work> owed, SlotUse? use = null)
    {
        if (world.Hits(world.Faults.FailCommit)) return Told("that its commit failed");
        if (!world.Log.Append(version, facts, Name, world.Now))
        {
            world.Tally.StaleWrites++;
            return Told($"that version {version} is stale");
        }

        world.Log.Use(use, world.Now);
        foreach (var fact in facts) world.Trace?.Note($"{world.Log.Version - facts.Count + 1}+ {Name} stored {fact}");
        foreach (var work in owed) world.Publish(this, work);
        if (world.Hits(world.Faults.LoseAcknowledgement)) return Told("that its commit failed, which it did not");

        foreach (var fact in facts) After(fact);
        return true;

        bool Told(string what)
        {
            world.Trace?.Note($"{Name} is told {what}");
            return false;
        }
    }

    public void Forget(string attempt)
    {
        Efforts.Remove(attempt);
        Performing.Remove(attempt);
    }

    /// <summary>The message failed here and is tried again.</summary>
    public void Retry(Envelope envelope)
    {
        if (world.Mutant is not Mutant.FailedCommitNotRetried) inbox.Add(envelope with { DueAt = world.Now + world.Random.Next(4) });
    }

    void Take(Envelope envelope)
    {
        inbox.Remove(envelope);
        if (world.Hits(world.Faults.Duplicate))
        {
            world.Tally.Duplicates++;
            (world.Random.Next(2) == 0 ? this : world.AnyNode()).Receive(envelope.Message, world.Now + world.Random.Next(20));
        }

        world.Trace?.Note($"{Name} takes {envelope.Message}");
        Begin(Handling.Of(world, this, envelope), envelope);
    }

    void Watch()
    {
        watchesAt = world.Now + 2 * World.TicksPerSecond;
        if (Watching.IsNeeded(world, this)) Begin(Watching.Round(world, this));
    }

    void GoOn(Activity activity)
    {
        if (activity.Steps.MoveNext()) activity.MayMoveAt = activity.Steps.Current;
        else activities.Remove(activity);
    }

    /// <summary>What follows here from a fact that is stored: outcomes are reported, a finished run's calls are aborted.</summary>
    void After(RunEvent fact)
    {
        switch (fact)
        {
            case ModelCallCompleted e: Forget(Effort.Of(e.Call, e.Attempt)); break;
            case ModelCallFailed e: Forget(Effort.Of(e.Call, e.Attempt)); break;
            case ModelCallOutcomeUnknown e: Forget(Effort.Of(e.Call, e.Attempt)); break;
            case SpendResolved e: Forget(Effort.Of(e.Call, e.Attempt)); break;
            case ToolCallCompleted e: Forget(Effort.Of(e.ToolCallId, e.Attempt)); break;
            case ToolCallFailed e: Forget(Effort.Of(e.ToolCallId, e.Attempt)); break;
            case RunCancelled or RunFailed:
                foreach (var effort in Efforts.Values) effort.IsAborted = true;
                break;
        }
    }

    /// <summary>Something begun and not ended: its steps, each ending with the tick from which the next may follow.</summary>
    sealed class Activity(IEnumerator<int> steps, Envelope? envelope)
    {
        public IEnumerator<int> Steps => steps;

        public Envelope? Envelope => envelope;

        public int MayMoveAt { get; set; }
    }
}

/// <summary>One attempt under way in a process.</summary>
sealed class Effort
{
    /// <summary>What is to be reported; null while the attempt is under way.</summary>
    public object? Report { get; set; }

    /// <summary>The attempt could not be claimed; the message is tried again.</summary>
    public bool HasFailed { get; set; }

    /// <summary>The run ended while the attempt was under way.</summary>
    public bool IsAborted { get; set; }

    public static string Of(int call, int attempt) => $"call {call}.{attempt}";

    public static string Of(string toolCallId, int attempt) => $"tool {toolCallId}.{attempt}";
}
