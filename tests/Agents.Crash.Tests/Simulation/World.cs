using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// One run among three nodes, a provider, tools and people, all moved by one random generator: the real decider, fold, claims and
/// conversation, with the workers' protocol around them step by step. The same seed always gives the same history.
/// </summary>
sealed class World
{
    public const int TicksPerSecond = 3;

    const int Nodes = 3;

    /// <summary>Far above the longest way to an end without trouble.</summary>
    const int PatienceTicks = 4000;

    static readonly Guid RunId = new("0199a0c4-0000-7000-8000-000000000001");

    readonly SimulatedNode[] nodes;
    readonly Provider provider;

    public World(int seed, Mutant mutant, bool isTraced = false)
    {
        (Random, Mutant, Trace) = (new(seed), mutant, isTraced ? new(this) : null);
        Faults = Faults.Draw(Random);
        Agent = SampleAgents.All[Random.Next(SampleAgents.All.Length)];
        Checks = new(Agent);
        Log = new(RunId, Checks, mutant, Faults.Deadline);
        provider = new(Random);
        nodes = [.. Enumerable.Range(1, Nodes).Select(position => new SimulatedNode(this, position))];
    }

    public Random Random { get; }
    public Mutant Mutant { get; }
    public AgentDefinition Agent { get; }
    public Checks Checks { get; }
    public EventLog Log { get; }
    public Faults Faults { get; private set; }
    public Tally Tally { get; } = new() { Seeds = 1 };
    public int Now { get; private set; }

    /// <summary>Null unless somebody wants to read what happened.</summary>
    public Trace? Trace { get; }

    /// <summary>Null when everything held.</summary>
    public ViolationException? Live()
    {
        try
        {
            Log.Append(0, [new RunQueued(Agent.Name, 1, "hash", "small", "What is RAG?", 5, "ada", TimeSpan.FromHours(1))], "api", Now);
            BeTroubled();
            BeCalm();
            BeKind();
            Checks.AllIsQuiet(Log, Random.Next(Log.Version + 1));
            return null;
        }
        catch (ViolationException violation)
        {
            return violation;
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or NullReferenceException or ArgumentException)
        {
            return new(Invariant.NothingThrows, e.ToString());
        }
        finally
        {
            Count();
        }
    }

    /// <summary>Whether something that goes wrong so often in a thousand goes wrong now.</summary>
    public bool Hits(int inThousand) => inThousand > 0 && Random.Next(1000) < inThousand;

    public SimulatedNode AnyNode() => nodes[Random.Next(Nodes)];

    /// <summary>Sends work; mostly to the node's own inbox, now and then it is picked up elsewhere, comes late, or is lost.</summary>
    public void Publish(SimulatedNode from, Work work)
    {
        if (Hits(Faults.LoseMessage))
        {
            Tally.LostMessages++;
            Trace?.Note($"{work.Message} gets lost");
            return;
        }

        var late = Hits(Faults.DelayMessage) ? Random.Next(100) : 0;
        var delay = (int)Math.Min(1000, Math.Max(0, work.Delay.TotalSeconds) * TicksPerSecond);
        (Random.Next(8) == 0 ? AnyNode() : from).Receive(work.Message, Now + delay + late);
    }

    /// <summary>What a node believes of another; wrong now and then while there is trouble, and more often of one that stands still.</summary>
    public bool LooksGone(string worker)
    {
        var owner = Array.Find(nodes, node => node.Name == worker);
        var isWrong = Hits(owner is null ? Faults.LateVerdict : owner.IsStill() ? Faults.WrongVerdict * 5 : Faults.WrongVerdict);
        if (isWrong) Tally.WrongVerdicts++;
        if (isWrong) Trace?.Note($"{worker} is wrongly taken for {(owner is null ? "living" : "dead")}");
        return owner is null != isWrong;
    }

    public Request Send(SimulatedNode from, CallModel work, ModelStep step)
    {
        var request = provider.Receive(work, step, Faults.Provider);
        Tally.Requests++;
        Trace?.Note($"{from.Name} sends {work}, to be billed {request.BilledUsd}, answered {request.Answer}");
        Checks.Sent(work, request);
        return request;
    }

    void BeTroubled()
    {
        while (Now < Faults.Until && !(Log.Run.IsFinished() && IsQuiet()))
        {
            if (Hits(Faults.Crash)) Crash(AnyNode());
            if (Hits(Faults.Pause)) Pause(AnyNode());
            if (Hits(Faults.People)) Command(People.Anything(Random));
            Tick();
        }

        Faults = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Now, Faults.Deadline);
        foreach (var node in nodes) node.StillUntil = Now;
        Trace?.Note($"Trouble ends");
    }

    /// <summary>Nobody helps: the run comes to its end, or to where a person is needed.</summary>
    void BeCalm()
    {
        for (var left = PatienceTicks; !(IsQuiet() && (Log.Run.IsFinished() || People.AreNeeded(Log.Run))); left--)
        {
            if (left == 0) throw new ViolationException(Invariant.NoRunIsLost, $"{Log.Run.Status}, row {Log.Row}, quiet {IsQuiet()}");
            Tick();
        }
    }

    /// <summary>People say yes to everything until the run has come to its end.</summary>
    void BeKind()
    {
        for (var left = PatienceTicks; !(IsQuiet() && (Log.Run.IsFinished() || IsOutOfMoney())); left--)
        {
            if (left == 0) throw new ViolationException(Invariant.NoRunIsLost, $"{Log.Run.Status} for all that people do, row {Log.Row}");
            if (People.AreNeeded(Log.Run) && !IsOutOfMoney() && IsQuiet()) Command(People.Help(Log.Run));
            Tick();
        }
    }

    void Tick()
    {
        Now++;
        var node = AnyNode();
        if (!node.IsStill()) node.Move();
    }

    void Crash(SimulatedNode node)
    {
        Tally.Crashes++;
        node.Crash();
    }

    void Pause(SimulatedNode node)
    {
        Tally.Pauses++;
        Trace?.Note($"{node.Name} stands still");
        node.StillUntil = Math.Max(node.StillUntil, Now + Random.Next(150));
    }

    void Command(Func<Run, AgentDefinition, Decision> decide)
    {
        var node = AnyNode();
        if (!node.IsStill()) node.Begin(node.Command(decide));
    }

    bool IsOutOfMoney() => Log.Run.Status is RunStatus.Parked && Log.Run.SpentAtMostUsd() >= Agent.Limits.CostUsd;

    bool IsQuiet() => Log.Row is not { State: SlotState.Settling } && Array.TrueForAll(nodes, static node => node.IsQuiet());

    void Count()
    {
        Tally.Ticks = Now;
        Tally.Facts = Log.Version;
        Tally.Unconfirmed = Checks.Attempts.Count(attempt => attempt.IsUnconfirmed());
        Tally.Resolved = Checks.Attempts.Count(attempt => attempt.ResolvedUsd is not null);
        Tally.Completed = Log.Run.Status is RunStatus.Completed ? 1 : 0;
        Tally.Failed = Log.Run.Status is RunStatus.Failed ? 1 : 0;
        Tally.Cancelled = Log.Run.Status is RunStatus.Cancelled ? 1 : 0;
        Tally.OutOfMoney = IsOutOfMoney() ? 1 : 0;
    }
}
