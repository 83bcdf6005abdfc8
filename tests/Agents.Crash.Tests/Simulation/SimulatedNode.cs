using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A message in an inbox.</summary>
/// <param name="DueAt">Not delivered before this tick.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
sealed record Envelope(object Message, int DueAt, int Attempts = 1)
{
    /// <summary>As the server's settings have it: an attempt is asked for in the memory of a process, all else in the database.</summary>
    public static bool IsDurable(object message) => message is not (CallModel or RunTool);
}

/// <summary>One machine: its inbox, of which the durable part outlives the process, and the process that runs on it now.</summary>
sealed class SimulatedNode
{
    const int AtOnce = 4;
    const int SecondsToRestart = 4;

    /// <summary>Runs that it works on at once.</summary>
    const int Slots = 2;

    readonly World world;
    readonly int position;
    readonly List<Envelope> inbox = [];
    readonly List<Envelope> handled = [];
    readonly Lookouts duties;
    int starts;
    bool isAdmitting;

    public SimulatedNode(World world, int position)
    {
        (this.world, this.position) = (world, position);
        Process = Start();
        duties = new(world, this);
    }

    public SimulatedProcess Process { get; private set; }

    /// <summary>It does not move before this tick: it is paused, or dead and not up again.</summary>
    public int StillUntil { get; set; }

    /// <summary>An operator has drained it; known to the database, by the name of the process.</summary>
    public bool IsDrained { get; set; }

    public bool HasRuns() => duties.HasRuns();

    public bool IsStill() => world.Now < StillUntil;

    public bool IsQuiet() => inbox.Count == 0 && Process.IsQuiet;

    /// <summary>Does one thing: goes on with something it has begun, takes a message, or looks for work.</summary>
    public void Move()
    {
        var movable = Process.Movable();
        var due = 0;
        if (handled.Count < AtOnce)
            foreach (var envelope in inbox) due += envelope.DueAt <= world.Now ? 1 : 0;
        var admits = !isAdmitting && MayAdmit() ? 1 : 0;
        var sees = duties.IsDue() ? 1 : 0;
        if (movable + due + admits + sees == 0) return;

        var choice = world.Random.Next(movable + due + admits + sees);
        if (choice < movable) Process.GoOn(choice);
        else if (choice < movable + due) Take(choice - movable);
        else if (choice < movable + due + admits) Process.Begin(Admit);
        else duties.Round();
    }

    public void Receive(object message, int dueAt) => inbox.Add(new(message, dueAt));

    /// <summary>All that is in memory is gone; of what it was handling the durable messages are delivered again, here or elsewhere.</summary>
    public void Crash()
    {
        world.Trace?.Note($"{Process.Name} crashes");
        End();
        StillUntil = world.Now + SecondsToRestart * World.TicksPerSecond;
    }

    /// <summary>The process is told to stop. It hands over first.</summary>
    public void Stop()
    {
        var stopping = Process;
        if (stopping.IsStopping) return;
        world.Trace?.Note($"{stopping.Name} is told to stop");
        world.Tally.Drains++;
        stopping.IsClosed = stopping.IsStopping = true;
        stopping.Engine.HandingOver.Close();
        stopping.Begin(async () =>
        {
            await stopping.Engine.HandingOver.UntilEmpty();
            world.Trace?.Note($"{stopping.Name} ends");
            if (Process == stopping) End();
        });
    }

    /// <exception cref="ViolationException">This process is performing the attempt that it gives up as lost.</exception>
    public void RequireNotOwn(SimulatedProcess process, Guid runId, RunEvent fact)
    {
        if (fact is ModelCallOutcomeUnknown { Cause: UnknownCause.WorkerLost } lost && process.Performing.Contains((runId, $"call {lost.Call}.{lost.Attempt}"))
            || fact is ToolCallFailed { Failure.Kind: FailureKind.OutcomeUnknown or FailureKind.WorkerLost } failed
                && process.Performing.Contains((runId, $"tool {failed.ToolCallId}.{failed.Attempt}")))
            throw world.Violated(new(Invariant.NoWorkerGivesUpItsOwnWork, $"{process.Name} is at it: {fact}"));
    }

    SimulatedProcess Start() => new(world, this, $"n{position}.{++starts}");

    void End()
    {
        foreach (var log in world.Database.Runs) log.Checks.Died(Process.Name);
        var left = handled.Concat(inbox).ToList();
        inbox.Clear();
        handled.Clear();
        Process.Die();
        Process = Start();
        (IsDrained, isAdmitting) = (false, false);
        foreach (var envelope in left)
        {
            if (!Envelope.IsDurable(envelope.Message) || world.Hits(world.Faults.LoseInbox))
            {
                world.Tally.LostMessages++;
                continue;
            }

            world.AnyNode().inbox.Add(envelope with { DueAt = Math.Max(envelope.DueAt, world.Now + world.Random.Next(10)) });
        }
    }

    void Take(int choice)
    {
        for (var at = 0; at < inbox.Count; at++)
        {
            if (inbox[at].DueAt > world.Now || choice-- > 0) continue;
            var envelope = inbox[at];
            inbox.RemoveAt(at);
            Take(envelope);
            return;
        }
    }

    void Take(Envelope envelope)
    {
        if (world.Hits(world.Faults.Duplicate))
        {
            world.Tally.Duplicates++;
            (world.Random.Next(2) == 0 ? this : world.AnyNode()).Receive(envelope.Message, world.Now + world.Random.Next(20));
        }

        world.Trace?.Note($"{Process.Name} takes {envelope.Message}");
        handled.Add(envelope);
        var process = Process;
        process.Begin(async () =>
        {
            try
            {
                await Handle(process, envelope);
            }
            catch (SimulatedFault)
            {
                if (world.Mutant is not Mutant.FailedCommitNotRetried)
                    inbox.Add(envelope with { DueAt = world.Now + world.Random.Next(4), Attempts = envelope.Attempts + 1 });
            }
            finally
            {
                handled.Remove(envelope);
            }
        });
    }

    /// <summary>As Wolverine's handlers do: the engine fills the message's transaction, which is stored when it has done so.</summary>
    async Task Handle(SimulatedProcess process, Envelope envelope)
    {
        var engine = world.Mutant is Mutant.NoInFlight ? new SimulatedEngine(process) : process.Engine;
        var transaction = new SimulatedTransaction(process, isOwn: false);
        switch (envelope.Message)
        {
            case CallModel work:
                process.Takes(work.RunId, InFlight.Of(work));
                await engine.Attempts.Perform(transaction, work, envelope.Attempts <= 1, default);
                break;
            case RunTool work:
                process.Takes(work.RunId, InFlight.Of(work));
                process.ToolAttempts[(work.RunId, work.ToolCallId)] = work.Attempt;
                await engine.Attempts.Perform(transaction, work, envelope.Attempts <= 1, default);
                break;
            case EndChild work:
                await FamilyWork.End(transaction, work, engine.Definitions, default);
                break;
            case SettleFork work:
                await FamilyWork.Settle(transaction, work, engine.Definitions, default);
                break;
        }

        if (transaction.HasAnything) await transaction.Commit(default);
    }

    bool MayAdmit()
    {
        if (Process.IsStopping) return false;
        if (IsDrained) return !Process.IsClosed || duties.HasRuns();
        if (Process.IsClosed) return true; // it takes runs again
        var (held, isReady) = (0, false);
        foreach (var log in world.Database.Runs)
        {
            if (log.Row is not { State: not SlotState.Settling } row) continue;
            if (row.Node == Process.Name) held++;
            else isReady |= row.IsReady(world.Now);
        }

        return isReady && held < Slots;
    }

    /// <summary>A round of admission: one run is given a free slot, or a drained node hands over.</summary>
    async Task Admit()
    {
        var process = Process;
        isAdmitting = true;
        try
        {
            await process.Turn();
            if (process.IsStopping) return;

            process.IsClosed = IsDrained;
            await process.Engine.HandingOver.HandOver(IsDrained);
            if (IsDrained || process.IsClosed) return;
            if (Choose(process) is not { } log) return;
            await process.Turn();
            isAdmitting = false; // no round waits for what it has begun
            await process.Engine.Beginning.Begin(World.Tenant, log.Id, log.Run.Status is not RunStatus.Queued, default);
        }
        finally
        {
            isAdmitting = false;
        }
    }

    /// <summary>As <c>agents.admit</c>.</summary>
    EventLog? Choose(SimulatedProcess process)
    {
        var runs = world.Database.Runs;
        var first = world.Random.Next(runs.Count);
        for (var at = 0; at < runs.Count; at++)
            if (runs[(first + at) % runs.Count] is { Row: { } row } log && row.TryAdmit(process.Name, world.Now)) return log;
        return null;
    }
}
