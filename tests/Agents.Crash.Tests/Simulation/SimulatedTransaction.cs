using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Log;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// A transaction that the world may fail, or store and say that it failed. It locks nothing: what moved on since it was held is refused by its version, as
/// it would be behind a lock that was lost.
/// </summary>
sealed class SimulatedTransaction(SimulatedProcess process, bool isOwn) : IOwnTransaction
{
    readonly World world = process.World;
    readonly List<Held> held = [];
    readonly List<(Guid RunId, IReadOnlyList<RunEvent> Facts)> begun = [];
    readonly List<(Guid RunId, SlotUse Use)> uses = [];
    readonly List<Work> owed = [];
    readonly List<Guid> waitNoMore = [];
    Reservation? reservation;

    public string Tenant => World.Tenant;

    public IReadOnlyList<Work> Owed => owed;

    /// <summary>Whether there is anything to store.</summary>
    public bool HasAnything => owed.Count + begun.Count + uses.Count + waitNoMore.Count > 0 || held.Exists(run => run.Appended.Count > 0);

    public async Task<IHeldRun?> Hold(Guid runId, CancellationToken ct)
    {
        await process.Turn();
        if (world.Database.Find(runId) is not { } log) return null;

        var run = isOwn && world.Mutant is Mutant.ClaimIgnoresStarted && log.Run.ModelCall is { Status: AttemptStatus.Started } call
            ? log.Run with { ModelCall = call with { Status = AttemptStatus.Scheduled } }
            : log.Run;
        var taken = new Held(this, log, run, log.Version, isLocked: true);
        held.Add(taken);
        return taken;
    }

    public IHeldRun? Known(Guid runId)
    {
        if (process.Recent.Latest(Tenant, runId) is not { } known || world.Database.Find(runId) is not { } log) return null;

        var taken = new Held(this, log, known.Run, known.Version, isLocked: false);
        held.Add(taken);
        return taken;
    }

    public async Task<LoadedRun?> Load(Guid runId, CancellationToken ct)
    {
        await process.Turn();
        return world.Database.Find(runId)?.Load(version: null);
    }

    public async Task<IReadOnlyList<Run>> Checkpoints(IReadOnlyCollection<Guid> runs, CancellationToken ct)
    {
        await process.Turn();
        return world.Database.Checkpoints(runs);
    }

    public void Begin(Guid runId, IReadOnlyList<RunEvent> facts) => begun.Add((runId, facts));

    public void Use(Guid runId, SlotUse use) => uses.Add((runId, use));

    public void Owe(IEnumerable<Work> work) => owed.AddRange(work);

    public async Task<BudgetRefusal?> Reserve(Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced, CancellationToken ct)
    {
        if (!world.Budget.IsLimited) return null;

        await process.Turn();
        var wanted = new Reservation(run.Id, work, offer);
        if (world.Budget.RefusalOf(wanted) is { } refusal) return refusal;
        reservation = wanted;
        return null;
    }

    public void WaitNoMore(Guid runId) => waitNoMore.Add(runId);

    /// <exception cref="SimulatedFault">It is not stored, or it is and nobody heard.</exception>
    public async Task Commit(CancellationToken ct)
    {
        await process.Turn();
        if (world.Hits(world.Faults.FailCommit)) throw Told("that its commit failed");
        if (held.Exists(run => (run.IsLocked || run.Appended.Count > 0) && run.Version != run.Log.Version))
        {
            if (world.Mutant is not Mutant.AppendWithoutExpectedVersion) throw Stale();
            foreach (var run in held) run.Log.Checks.Stale += run.Appended.Count > 0 && run.Version != run.Log.Version ? 1 : 0;
        }

        if (IsDeferred()) return;
        if (reservation is { } wanted)
        {
            if (world.Budget.RefusalOf(wanted) is not null) throw Told("that another took the room"); // behind a lock it could not
            world.Budget.Reserve(wanted);
        }

        Store();
        Send(isDurable: true);
        if (world.Hits(world.Faults.LoseAcknowledgement)) throw Told("that its commit failed, which it did not");
        Send(isDurable: false);
        foreach (var run in held)
        {
            if (run.Appended.Count > 0) process.Recent.Stored(Tenant, run.Log.Run, run.Log.Version);
            foreach (var fact in run.Appended) process.Engine.InFlight.After(run.Log.Id, fact);
        }
    }

    public ValueTask DisposeAsync() => default;

    void Store()
    {
        foreach (var (log, fact) in process.Unstored) log.Append(fact);
        process.Unstored.Clear();
        foreach (var run in held)
            foreach (var fact in run.Appended)
            {
                world.Trace?.Note($"{process.Name} stores {run.Log.Version + 1} of {world.NameOf(run.Log.Id)}: {fact}");
                process.Node.RequireNotOwn(process, run.Log.Id, fact);
                world.Budget.Hears(run.Log.Run, fact);
                run.Log.Append(fact);
            }
        foreach (var run in held)
            if (run.Appended.Count > 0) run.Log.Checks.Stored(run.Log.Run);
        foreach (var (runId, facts) in begun) world.Database.Begin(runId, facts, process.Name);
        foreach (var (runId, use) in uses) world.Database.Find(runId)?.Row?.Use(use, world.Now);
        foreach (var runId in waitNoMore) world.Budget.WaitNoMore(runId);
    }

    /// <summary>What is durable is stored with the facts; what is not is sent when the process hears that they are stored, if it still lives.</summary>
    void Send(bool isDurable)
    {
        foreach (var work in owed)
            if (Envelope.IsDurable(work.Message) == isDurable) world.Publish(process.Node, work);
    }

    /// <summary>A mutant that says first what it will do and stores it later.</summary>
    bool IsDeferred()
    {
        if (world.Mutant is not Mutant.CallBeforeIntent || held is not [{ Appended: [ModelCallStarted or ToolCallStarted] } claimed]) return false;
        process.Unstored.Add((claimed.Log, claimed.Appended[0]));
        return true;
    }

    SimulatedFault Stale()
    {
        world.Tally.StaleWrites++;
        return Told("that its version is stale");
    }

    SimulatedFault Told(string what)
    {
        world.Trace?.Note($"{process.Name} is told {what}");
        return new(what);
    }

    sealed class Held(SimulatedTransaction transaction, EventLog log, Run run, long version, bool isLocked) : IHeldRun
    {
        public EventLog Log => log;

        /// <summary>Held, rather than known from memory.</summary>
        public bool IsLocked => isLocked;

        public Run Run => run;

        public long Version => version;

        public List<RunEvent> Appended { get; } = [];

        public void Append(IReadOnlyList<RunEvent> facts)
        {
            foreach (var fact in facts)
                if (!IsLeftOut(fact)) Appended.Add(fact);
        }

        bool IsInList() => run.IsInStep && log.Agent.Steps[run.Step] is ToolStep { ForEach: not null };

        bool IsLeftOut(RunEvent fact)
        {
            switch (transaction.world.Mutant)
            {
                case Mutant.LateReplyDropped:
                    return fact is SpendResolved;
                case Mutant.LostCallNotRecorded:
                    return fact is ModelCallOutcomeUnknown { Cause: UnknownCause.WorkerLost };
                case Mutant.EarlySignalLost:
                    return fact is SignalReceived signal && !run.Awaits(signal.Name);
                case Mutant.UnsafeToolRunAgain when fact is ToolCallFailed { Failure.Kind: FailureKind.OutcomeUnknown } unknown:
                    Appended.Add(unknown with { Failure = new(FailureKind.RateLimited, "No.") });
                    Appended.Add(new ToolCallScheduled(unknown.ToolCallId, unknown.Attempt + 1, TimeSpan.Zero));
                    transaction.Owe([new(new RunTool(log.Id, unknown.ToolCallId, unknown.Attempt + 1), TimeSpan.Zero)]);
                    return true;
                case Mutant.UnfitOutputTaken when fact is ModelCallScheduled { Attempt: 1 } again
                    && Appended is [.., ModelCallCompleted { Reply: { OutputProblems: not null, Text: var unfit } }]:
                    Appended.Add(new StepCompleted(again.Step, unfit));
                    Appended.Add(new RunCompleted(unfit, []));
                    return true;
                case Mutant.UnsafeToolRunAgain:
                    return fact is RunParked { Failure.Kind: FailureKind.OutcomeUnknown };
                case Mutant.VisitNotStored when fact is StepStarted { Visit: > 1 } again:
                    Appended.Add(again with { Visit = 1 });
                    return true;
                case Mutant.ItemAskedForTwice when fact is ToolCallRequested { Call: null } asked && IsInList()
                    && run.ToolCalls.Values.FirstOrDefault(call => call.Arguments is not null) is { Arguments: { } underWay }:
                    Appended.Add(asked with { Arguments = underWay });
                    return true;
                default:
                    return false;
            }
        }
    }
}

/// <param name="Offer">The call, with the most that it can cost.</param>
sealed record Reservation(Guid RunId, CallModel Work, CallOffer Offer);

sealed class SimulatedTransactions(SimulatedProcess process) : IRunTransactions
{
    public IOwnTransaction Begin(string tenant) => new SimulatedTransaction(process, isOwn: true);
}
