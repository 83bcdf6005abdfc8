using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>One kind of thing that goes wrong in a play. Made anew for each.</summary>
public abstract class Fault
{
    int struck, inFlight, unseen;

    /// <summary>In the plural, for people.</summary>
    public abstract string Name { get; }

    /// <summary>How often it has struck.</summary>
    public int Struck => struck;

    /// <summary>How often it has struck while runs were under way.</summary>
    public int StruckInFlight => inFlight;

    /// <summary>How often nobody could tell whether runs were under way.</summary>
    public int Unseen => unseen;

    /// <summary>It queues the runs it wants; nobody else does.</summary>
    public virtual bool Drives => false;

    /// <summary>The agent that is asked.</summary>
    public virtual string Agent => "research";

    /// <summary>Environment variables of a server, asked for before each start.</summary>
    /// <param name="node">From 0.</param>
    public virtual IEnumerable<(string Name, string Value)> Settings(int node) => [];

    /// <summary>By which way the servers reach the database.</summary>
    public virtual string Through(string connection) => connection;

    /// <summary>What the provider answers; null for what it would answer anyway.</summary>
    public virtual FakeReply? Reply(FakeRequest request) => null;

    /// <summary>Strikes again and again until there was enough.</summary>
    internal virtual Task Rage(Rig rig) => Task.CompletedTask;

    /// <summary>Whether it has struck as often as the play asks for.</summary>
    internal virtual bool IsEnough(Play play) => struck >= play.Faults;

    /// <summary>What is wrong that no invariant of the database tells; takes away what it has put there on purpose.</summary>
    internal virtual Task<IEnumerable<string>> Problems(Rig rig) => Task.FromResult<IEnumerable<string>>([]);

    /// <param name="hadRuns">Null when nobody can tell, such as while the database is away.</param>
    protected void Record(bool? hadRuns)
    {
        Interlocked.Increment(ref struck);
        if (hadRuns is null) Interlocked.Increment(ref unseen);
        else if (hadRuns.Value) Interlocked.Increment(ref inFlight);
    }
}
