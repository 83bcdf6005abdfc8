using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The server's own duties. What is due, the world tells them; what is done with it is theirs.</summary>
sealed class EngineDuties(InFlight inFlight, Decisions decisions, Redriving redriving, SimulatedReads reads, SimulatedOutside outside)
{
    /// <summary>Their questions are SQL, and are not asked here.</summary>
    const RunsDue Unasked = null!;

    /// <summary>Nothing wakes them here.</summary>
    const NodeSignals Unwoken = null!;

    public RedriveStalledRuns Stalled { get; } = new(Unasked, outside, outside, inFlight, redriving, outside, SimulatedEngine.Workers);
    public BringBackHeldRuns HeldBack { get; } = new(Unasked, outside, redriving);
    public GiveBackUnstartedRuns Unstarted { get; } = new(Unasked, outside, outside, outside, SimulatedEngine.Workers);
    public ReportUnreported Unreported { get; } = new(inFlight, redriving, SimulatedEngine.Workers);
    public ExpireRuns Overdue { get; } = new(Unasked, decisions);
    public DenyUnansweredApprovals Unapproved { get; } = new(Unasked, outside, decisions);
    public EndWaits Waits { get; } = new(Unasked, decisions, Unwoken);
    public SettleRuns Settling { get; } = new(Unasked, reads, outside, outside, inFlight, redriving);
    public SeeToChildren LeftChildren { get; } = new(Unasked, reads, redriving, SimulatedEngine.Workers);
    public AbortEndedElsewhere EndedElsewhere { get; } = new(Unasked, inFlight);
    public FreeRunsOfDeadNodes DeadNodes { get; } = new(Unasked, outside, outside, outside, NullLogger<FreeRunsOfDeadNodes>.Instance);
}

/// <summary>The server's own engine, plugged into the simulated world instead of PostgreSQL, Wolverine and a model.</summary>
sealed class SimulatedEngine
{
    static readonly ModelProviders Providers = new(new ModelOptions { Default = SampleAgents.Model });
    static readonly CostOptions Costs = new() { UnpricedModels = UnpricedModels.Allow };

    /// <summary>Shorter than the longest calls, so that some are broken off.</summary>
    public static readonly WorkerOptions Workers = new() { DrainTimeout = TimeSpan.FromSeconds(6) };

    readonly Lazy<EngineDuties> duties;

    public SimulatedEngine(SimulatedProcess process)
    {
        var clock = new SimulatedClock(process.World, process);
        var (reads, outside, transactions, tools) =
            (new SimulatedReads(process), new SimulatedOutside(process), new SimulatedTransactions(process), new SimulatedTools(process));
        InFlight = new(clock);
        Decisions = new(transactions, reads);
        Redriving = new(reads, transactions, outside, outside, clock, outside, NullLogger<Redriving>.Instance);
        Beginning = new(outside, outside, Decisions, Redriving, InFlight, outside, outside, NullLogger<Beginning>.Instance);
        var stopped = process.World.Mutant is Mutant.DrainedNodeGoesOn ? new InFlight(clock) : InFlight;
        HandingOver = new(outside, stopped, outside, outside, clock, Workers, NullLogger<HandingOver>.Instance);
        BudgetWaits = new(transactions, reads);
        Forks = new(reads, tools, clock);
        Definitions = reads;

        var models = new ModelWorker(
            new(new(reads, reads), reads, tools, reads, Providers), new(new SimulatedRates(process), outside, clock), new(transactions, outside, Costs), new SimulatedModel(process),
            new(NullLogger<ModelReports>.Instance), InFlight, Costs);
        var toolWorker = new ToolWorker(
            transactions, reads, outside, InFlight, tools, new(reads, reads, reads, clock, Providers), new(reads), clock, Workers);
        Attempts = new(models, toolWorker, InFlight, Redriving, reads);
        Node = outside;
        duties = new(() => new(InFlight, Decisions, Redriving, reads, outside));
    }

    public InFlight InFlight { get; }
    public AttemptHandling Attempts { get; }
    public Decisions Decisions { get; }
    public Redriving Redriving { get; }
    public Beginning Beginning { get; }
    public HandingOver HandingOver { get; }
    public BudgetWaits BudgetWaits { get; }
    public Forks Forks { get; }
    public SimulatedReads Definitions { get; }
    public INode Node { get; }
    public EngineDuties Duties => duties.Value;
}
