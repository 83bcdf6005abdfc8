using Agents.Domain.Runs;
using Agents.Host.Log;

namespace Agents.Crash.Tests.Simulation;

/// <summary>One start of a node: the engine, and all that the process has in memory. It ends with the process.</summary>
sealed class SimulatedProcess
{
    readonly List<Waiting> waiting = [];
    readonly HashSet<string> takenAfterClosing = [];
    int activities;
    bool isDead;

    public SimulatedProcess(World world, SimulatedNode node, string name)
    {
        (World, Node, Name) = (world, node, name);
        Recent = new(new SimulatedClock(world, this));
        Engine = new(this);
    }

    public World World { get; }
    public SimulatedNode Node { get; }
    public string Name { get; }
    public SimulatedEngine Engine { get; }

    /// <summary>Claims that this process believes to be stored. Only of a mutant.</summary>
    public List<(EventLog Log, RunEvent Fact)> Unstored { get; } = [];

    /// <summary>What it really is doing, whether or not it knows.</summary>
    public HashSet<(Guid RunId, string Attempt)> Performing { get; } = [];

    /// <summary>Runs as this process stored them last. Nobody tells it what others store, as if all announcements were lost.</summary>
    public RecentRuns Recent { get; }

    /// <summary>The attempt of each tool call that was taken last: what the tool is not told, and the run may be past.</summary>
    public Dictionary<(Guid RunId, string ToolCallId), int> ToolAttempts { get; } = [];

    public bool IsQuiet => activities == 0;

    /// <summary>It begins nothing more: it is drained, or stops.</summary>
    public bool IsClosed { get; set; }

    /// <summary>It was told to stop.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Where others may go first.</summary>
    public Turn Turn() => new(this, 0);

    /// <summary>Goes on at a tick, or as soon as the token is cancelled.</summary>
    public async Task Until(int tick, CancellationToken aborted)
    {
        if (aborted.IsCancellationRequested) return;

        var turn = new AbortableTurn(this, tick);
        using var registered = aborted.UnsafeRegister(static state => ((AbortableTurn)state!).Abort(), turn);
        await turn;
    }

    public Waiting Wait(Action goOn, int notBefore)
    {
        var entry = new Waiting(goOn, notBefore);
        if (!isDead) waiting.Add(entry);
        return entry;
    }

    /// <summary>The same for a timer, which goes off after so many ticks and keeps nobody from being quiet.</summary>
    public Waiting WaitQuietly(Action fire, int ticks) => Wait(fire, World.Now + ticks);

    public void Forget(Waiting entry) => waiting.Remove(entry);

    public int Movable()
    {
        var movable = 0;
        foreach (var entry in waiting) movable += entry.NotBefore <= World.Now ? 1 : 0;
        return movable;
    }

    /// <summary>Goes on with the so manieth of what may go on.</summary>
    public void GoOn(int choice)
    {
        for (var at = 0; at < waiting.Count; at++)
        {
            if (waiting[at].NotBefore > World.Now || choice-- > 0) continue;
            var entry = waiting[at];
            waiting.RemoveAt(at);
            entry.GoOn();
            return;
        }
    }

    /// <summary>Begins something that goes on by itself. What the database refuses it is what a round of a duty, or a person, meets too: they try again.</summary>
    public async void Begin(Func<Task> what)
    {
        activities++;
        try
        {
            await what();
        }
        catch (SimulatedFault)
        {
            // It was not done.
        }
        catch (Exception e) when (e is not ViolationException)
        {
            World.Violated(new(Invariant.NothingThrows, e.ToString()));
        }
        catch (ViolationException)
        {
            // The world knows.
        }
        finally
        {
            activities--;
        }
    }

    public void Die()
    {
        isDead = true;
        waiting.Clear();
    }

    /// <summary>A message is taken after the process was to begin nothing more.</summary>
    public void Takes(Guid runId, string attempt)
    {
        if (!IsClosed) takenAfterClosing.Remove($"{runId} {attempt}");
        else if (!Engine.InFlight.IsPerforming(runId)) takenAfterClosing.Add($"{runId} {attempt}");
    }

    /// <exception cref="ViolationException">It begins what it was not to begin.</exception>
    public void Performs(Guid runId, string attempt)
    {
        Performing.Add((runId, attempt));
        if (takenAfterClosing.Contains($"{runId} {attempt}")) throw World.Violated(new(Invariant.DrainedNodesBeginNothing, $"{Name} begins {attempt}"));
    }

    public void Performed(Guid runId, string attempt) => Performing.Remove((runId, attempt));
}

/// <summary>The simulated database was away, or refused a write.</summary>
sealed class SimulatedFault(string message) : Npgsql.NpgsqlException(message, new IOException(message));
