using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// A run, and those that it starts or that continue it, among three nodes, a provider, tools and people, all moved by one random generator. The nodes run the
/// server's own engine; the world stands where PostgreSQL, messages, clock and provider would be. The same seed always gives the same history.
/// </summary>
sealed class World
{
    public const int TicksPerSecond = 3;
    public const string Tenant = "default";

    const int Nodes = 3;

    /// <summary>Most runs that people continue in others.</summary>
    const int MostRuns = 5;

    /// <summary>Far above the longest way to an end without trouble.</summary>
    const int PatienceTicks = 12_000;

    readonly SimulatedNode[] nodes;
    readonly SimulatedContext context = new();
    readonly Scene? scene;
    ViolationException? violation;

    /// <param name="scene">Null draws the run and its troubles.</param>
    public World(int seed, Mutant mutant, bool isTraced = false, Scene? scene = null)
    {
        (Random, Mutant, Trace) = (new(seed), mutant, isTraced ? new(this) : null);
        (this.scene, Prices) = (scene, scene?.Prices ?? SampleAgents.Prices);
        Faults = scene is null ? Faults.Draw(Random) : Faults.None;
        var drawn = SampleAgents.All[Random.Next(SampleAgents.All.Length)];
        Agent = scene?.Agent ?? (seed % 5 == 2 ? SampleAgents.Several[seed / 5 % SampleAgents.Several.Length] : drawn);
        Outage = scene is null ? Outage.Of(seed) : null;
        Database = new(this);
        Budget = new(this, Faults.BudgetUsd);
        Rates = new(this, Faults.RequestsPerMinute);
        nodes = [.. Enumerable.Range(1, Nodes).Select(position => new SimulatedNode(this, position))];
    }

    public Random Random { get; }
    public Mutant Mutant { get; }
    public AgentDefinition Agent { get; }
    public PriceList Prices { get; }

    /// <summary>Null when each model answers as well as the others.</summary>
    public Outage? Outage { get; }

    public SimulatedDatabase Database { get; }
    public SimulatedBudget Budget { get; }
    public RateTable Rates { get; }
    public Faults Faults { get; private set; }
    public Tally Tally { get; } = new() { Seeds = 1 };
    public int Now { get; private set; }

    /// <summary>Null unless a reader wants to know what happened.</summary>
    public Trace? Trace { get; }

    /// <summary>Null when everything held.</summary>
    public ViolationException? Live()
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            decimal? budget = Random.Next(4) == 0 ? Random.Next(3, 40) / 100m : null;
            if (scene is not null) budget = scene.BudgetUsd;
            Database.Begin(
                NewId(), [new RunQueued(Agent.Name, 1, Agent.Name, SampleAgents.Model, "What is RAG?", 5, "ada", TimeSpan.FromHours(1), BudgetUsd: budget)], "api");
            BeTroubled();
            BeCalm();
            BeKind();
            AllIsQuiet();
        }
        catch (ViolationException found)
        {
            violation ??= found;
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or NullReferenceException or ArgumentException)
        {
            violation ??= new(Invariant.NothingThrows, e.ToString());
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
            Count();
        }

        return violation;
    }

    /// <summary>Something does not hold. The first time counts, whoever catches what is thrown.</summary>
    public ViolationException Violated(ViolationException found)
    {
        violation ??= found;
        return found;
    }

    /// <summary>Whether something that goes wrong so often in a thousand goes wrong now.</summary>
    public bool Hits(int inThousand) => inThousand > 0 && Random.Next(1000) < inThousand;

    public SimulatedNode AnyNode() => nodes[Random.Next(Nodes)];

    public Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.NextBytes(bytes);
        return new(bytes);
    }

    public string NameOf(Guid runId) => $"run {Database.Runs.FindIndex(log => log.Id == runId) + 1}";

    /// <summary>Sends work; mostly to the node's own inbox, now and then it comes late, is lost, or, if it is durable, is picked up elsewhere.</summary>
    public void Publish(SimulatedNode from, Work work)
    {
        if (Hits(Faults.LoseMessage) || IsLeftOut(work.Message))
        {
            Tally.LostMessages++;
            Trace?.Note($"{work.Message} gets lost");
            return;
        }

        var late = Hits(Faults.DelayMessage) ? Random.Next(100) : 0;
        var delay = (int)Math.Min(1000, Math.Max(0, work.Delay.TotalSeconds) * TicksPerSecond);
        (Envelope.IsDurable(work.Message) && Random.Next(8) == 0 ? AnyNode() : from).Receive(work.Message, Now + delay + late);
    }

    /// <summary>What a node believes of another; wrong now and then while there is trouble, and more often of one that stands still.</summary>
    public bool LooksGone(string worker)
    {
        var owner = Array.Find(nodes, node => node.Process.Name == worker);
        var isWrong = Hits(owner is null ? Faults.LateVerdict : owner.IsStill() ? Faults.WrongVerdict * 5 : Faults.WrongVerdict);
        if (isWrong) Tally.WrongVerdicts++;
        if (isWrong) Trace?.Note($"{worker} is wrongly taken for {(owner is null ? "living" : "dead")}");
        return owner is null != isWrong;
    }

    void BeTroubled()
    {
        while (Now < Faults.Until && !(Database.Runs.TrueForAll(log => log.Run.IsFinished()) && IsQuiet()))
        {
            if (Hits(Faults.Crash)) Crash(AnyNode());
            if (Hits(Faults.Pause)) Pause(AnyNode());
            if (Hits(Faults.People) && AnyRun() is var log) Command(log, People.Anything(Random, log));
            if (Hits(Faults.Drain)) Drain(AnyNode());
            if (Hits(Faults.Fork) && Database.Runs.Count < MostRuns) Fork(AnyRun());
            Tick();
        }

        Faults = Faults.Over(Now);
        Rates.Raise();
        foreach (var node in nodes) node.StillUntil = Now;
        Trace?.Note($"Trouble ends");
    }

    /// <summary>No person helps: every run comes to its end, or to where a person is needed.</summary>
    void BeCalm() => Wait(() => IsQuiet() && Database.Runs.TrueForAll(log => log.Run.IsFinished() || IsUpToPeople(log) && !IsLeft(log)), helps: false);

    /// <summary>
    /// People say yes to everything until all runs have come to their ends; in a scene to tool calls only, and a run that is parked stays so.
    /// </summary>
    void BeKind() => Wait(
        () => IsQuiet() && Database.Runs.TrueForAll(log => log.Run.IsFinished() || scene is not null && log.Run.Status is RunStatus.Parked), helps: true);

    void Wait(Func<bool> isDone, bool helps)
    {
        for (var left = PatienceTicks; !isDone(); left--)
        {
            if (left == 0)
                throw new ViolationException(
                    Invariant.NoRunIsLost, string.Join("; ", Database.Runs.Select(log => $"{NameOf(log.Id)} {log.Run.Status}, row {log.Row}")) + $", quiet {IsQuiet()}");
            if (helps && IsQuiet())
            {
                if (Budget.HasWaiting) Budget.Raise(0.5m);
                foreach (var log in Database.Runs)
                    if (!log.Run.IsFinished() && IsUpToPeople(log) && People.AreNeeded(log.Run) && (scene is null || log.Run.Status is RunStatus.Running))
                        Command(log, People.Help(log));
            }

            Tick();
        }
    }

    /// <summary>It waits for a person, or for a run that does.</summary>
    static bool IsUpToPeople(EventLog log) =>
        People.AreNeeded(log.Run) && log.Row?.ApproveBy is null || SlotUse.Of(log.Run) is Pending.Child;

    /// <summary>The run that started it has ended without it: it is to be ended, too, and no person to help it.</summary>
    public bool IsLeft(EventLog log) => log.Run.ChildOf is { } parent && !log.Run.IsFinished() && Database.Find(parent.Run)!.Run.IsFinished();

    /// <summary>Money is held for a fork that has ended.</summary>
    bool IsHeldInVain(EventLog log)
    {
        if (log.Run.Forks is not { Count: > 0 } forks) return false;
        foreach (var fork in forks.Keys)
            if (Database.Find(fork)?.Run.IsFinished() is true) return true;
        return false;
    }

    /// <summary>Forks that have ended, and have not been told of for so many ticks, and for which money is held.</summary>
    public List<Guid> HeldForks(int ticks)
    {
        var held = new List<Guid>();
        foreach (var root in Database.Runs)
            foreach (var fork in root.Run.Forks?.Keys ?? [])
                if (Database.Find(fork) is { } log && log.Run.IsFinished() && log.LastAt < Now - ticks) held.Add(fork);
        return held;
    }

    void AllIsQuiet()
    {
        foreach (var log in Database.Runs) log.Checks.AllIsQuiet(log, Random.Next(log.Version + 1));
        Budget.AllIsQuiet();
        foreach (var node in nodes)
            if (node.IsDrained && node.HasRuns()) throw new ViolationException(Invariant.DrainedNodesBeginNothing, $"{node.Process.Name} still has runs");
    }

    void Tick()
    {
        Now++;
        var node = AnyNode();
        if (!node.IsStill()) node.Move();
        context.Run();
        if (violation is not null) throw violation;
    }

    void Crash(SimulatedNode node)
    {
        Tally.Crashes++;
        Tally.DeathsBeforeTakeovers += Database.Runs.Count(log =>
            log.Row?.Node == node.Process.Name && log.Run.ModelCall is { Status: AttemptStatus.Scheduled, Left.Count: > 0 });
        node.Crash();
    }

    void Pause(SimulatedNode node)
    {
        Tally.Pauses++;
        Trace?.Note($"{node.Process.Name} stands still");
        node.StillUntil = Math.Max(node.StillUntil, Now + Random.Next(150));
    }

    /// <summary>An operator drains a node, or lets it take runs again; or its process is told to stop. At least one node stays as it is.</summary>
    void Drain(SimulatedNode node)
    {
        if (Random.Next(2) == 0) node.Stop();
        else if (node.IsDrained || !Array.Exists(nodes, other => other.IsDrained))
        {
            node.IsDrained = !node.IsDrained;
            Tally.Drains++;
            Trace?.Note($"{node.Process.Name} is {(node.IsDrained ? "drained" : "to take runs again")}");
        }
    }

    EventLog AnyRun() => Database.Runs[Random.Next(Database.Runs.Count)];

    void Command(EventLog log, Func<Run, AgentDefinition, Decision> decide)
    {
        var node = AnyNode();
        if (!node.IsStill()) node.Process.Begin(async () =>
        {
            var decision = await node.Process.Engine.Decisions.Decide(Tenant, log.Id, decide, default);
            foreach (var fact in decision?.Events ?? [])
                if (fact is SignalReceived signal) log.Checks.SignalAccepted(signal);
        });
    }

    void Fork(EventLog log)
    {
        var (node, pick) = (AnyNode(), Random.Next());
        if (!node.IsStill()) node.Process.Begin(() => People.Fork(node.Process, log, pick));
    }

    bool IsLeftOut(object message) => Mutant switch
    {
        Mutant.ParentNeverTold => message is RunTool work && Database.Find(work.RunId)?.Run.ToolCalls.GetValueOrDefault(work.ToolCallId)?.Child is not null,
        Mutant.ForkNotSettled => message is SettleFork,
        Mutant.ChildNeverEnded => message is EndChild,
        _ => false,
    };

    bool IsQuiet() =>
        Database.Runs.TrueForAll(log => log.Row is not { State: SlotState.Settling } && (Mutant is Mutant.ForkNotSettled || !IsHeldInVain(log))) && Array.TrueForAll(nodes, static node => node.IsQuiet());

    void Count()
    {
        Tally.Ticks = Now;
        foreach (var log in Database.Runs)
        {
            Tally.Facts += log.Version;
            Tally.Unconfirmed += log.Checks.Attempts.Count(attempt => attempt.IsUnconfirmed());
            Tally.Resolved += log.Checks.Attempts.Count(attempt => attempt.ResolvedUsd is not null);
            Tally.Completed += log.Run.Status is RunStatus.Completed ? 1 : 0;
            Tally.Failed += log.Run.Status is RunStatus.Failed ? 1 : 0;
            Tally.Cancelled += log.Run.Status is RunStatus.Cancelled ? 1 : 0;
            Tally.Children += log.Run.ChildOf is null ? 0 : 1;
            foreach (var fact in log.Facts)
            {
                Tally.Expired += fact.Happened is ToolCallDenied { By: "system" } ? 1 : 0;
                Tally.Skipped += fact.Happened is StepSkipped ? 1 : 0;
                Tally.TakenAgain += fact.Happened is StepStarted { Visit: > 1 } ? 1 : 0;
                Tally.WaitsByTime += fact.Happened is WaitEnded { By: WaitEnd.Time } ? 1 : 0;
                Tally.WaitsBySignal += fact.Happened is WaitEnded { By: WaitEnd.Signal } ? 1 : 0;
                Tally.Takeovers += fact.Happened is ModelCallScheduled { Because: not null } ? 1 : 0;
                Tally.Closings += fact.Happened is RunClosing ? 1 : 0;
            }
        }
    }
}
