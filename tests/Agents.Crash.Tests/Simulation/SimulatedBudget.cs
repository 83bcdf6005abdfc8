using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;

namespace Agents.Crash.Tests.Simulation;

/// <summary>The one budget of the tenant, as schema <c>finance</c> keeps it: limit, what is spent and reserved, and the runs that wait for room.</summary>
sealed class SimulatedBudget(World world, decimal? limit)
{
    const int BeginsWithin = 30 * World.TicksPerSecond;

    static readonly BudgetName Name = new(BudgetScope.Tenant, World.Tenant, BudgetPeriod.Total);

    readonly Dictionary<(Guid RunId, int Call, int Attempt), Charge> charges = [];
    readonly List<Waiting> waits = [];
    decimal spent, reserved, billed;

    /// <summary>Null when nothing bounds the tenant.</summary>
    public decimal? LimitUsd { get; private set; } = limit;

    public bool IsLimited => LimitUsd is not null;

    /// <summary>Null when there is room.</summary>
    public BudgetRefusal? RefusalOf(Reservation wanted)
    {
        if (LimitUsd is not { } most || wanted.Offer.Estimate is not { } estimate || world.Mutant is Mutant.BudgetWithoutCondition) return null;
        return spent + reserved + estimate.UpperUsd() > most ? new(Name, most, spent, reserved, estimate.UpperUsd(), estimate.LeastUsd()) : null;
    }

    public void Reserve(Reservation wanted)
    {
        waits.RemoveAll(wait => wait.RunId == wanted.RunId);
        if (LimitUsd is null || wanted.Offer.Estimate is not { } estimate) return;

        reserved += estimate.UpperUsd();
        charges[(wanted.RunId, wanted.Work.Call, wanted.Work.Attempt)] = new(estimate.UpperUsd());
    }

    /// <summary>As the projection <c>BudgetLedger</c>.</summary>
    public void Hears(Run run, RunEvent fact)
    {
        switch (fact)
        {
            case ModelCallCompleted e: Settle(run.Id, e.Call, e.Attempt, e.Cost?.Usd); break;
            case ModelCallFailed e: Settle(run.Id, e.Call, e.Attempt, e.Cost?.Usd ?? 0); break;
            case ModelCallOutcomeUnknown e: Settle(run.Id, e.Call, e.Attempt, null); break;
            case SpendResolved e: Resolve(run.Id, e.Call, e.Attempt, e.ActualUsd); break;
            case RunParked { Budget: { Budget.Scope: not BudgetScope.Run } refusal }: Await(run.Id, refusal); break;
            case RunResumed when waits.Find(wait => wait.RunId == run.Id) is { } wait: wait.ResumedAt = world.Now; break;
            case RunPaused or RunCancelled or RunFailed: WaitNoMore(run.Id); break;
        }
    }

    public void WaitNoMore(Guid runId) => waits.RemoveAll(wait => wait.RunId == runId);

    /// <summary>The runs that may go on, as <c>BudgetWatch</c> asks for them.</summary>
    public List<Guid> Fitting()
    {
        var (fitting, needed, room) = (new List<Guid>(), 0m, (LimitUsd ?? decimal.MaxValue / 2) - spent - reserved);
        for (var place = 0; place < waits.Count; place++)
        {
            var wait = waits[place];
            needed += wait.Wanted;
            if (wait.ResumedAt is { } at && at >= world.Now - BeginsWithin) continue;
            if (needed <= room || place == 0 && wait.Least <= room) fitting.Add(wait.RunId);
        }

        return fitting;
    }

    public bool HasWaiting => waits.Count > 0;

    /// <summary>A person gives more.</summary>
    public void Raise(decimal more) => LimitUsd += more;

    /// <summary>The provider has billed a call.</summary>
    public void Billed(CallModel work, decimal usd)
    {
        if (charges.ContainsKey((work.RunId, work.Call, work.Attempt))) billed += usd;
        if (LimitUsd is { } most && billed > most)
            throw world.Violated(new(Invariant.BudgetsAreKept, $"{billed} billed of {most}"));
    }

    /// <exception cref="ViolationException">Something stays reserved that is in nobody's hands, or more is billed than is booked.</exception>
    public void AllIsQuiet()
    {
        if (LimitUsd is null) return;
        if (reserved != 0) throw world.Violated(new(Invariant.BudgetsAreKept, $"{reserved} stay reserved"));
        if (billed > spent) throw world.Violated(new(Invariant.BudgetsAreKept, $"{billed} billed, {spent} booked"));
    }

    void Settle(Guid runId, int call, int attempt, decimal? cost)
    {
        if (!charges.TryGetValue((runId, call, attempt), out var charge) || charge.Usd is not null) return;
        reserved -= charge.UpperUsd;
        spent += (charge.Usd = cost ?? charge.UpperUsd).Value;
    }

    void Resolve(Guid runId, int call, int attempt, decimal cost)
    {
        if (!charges.TryGetValue((runId, call, attempt), out var charge) || charge.Usd is not { } before) return;
        spent += cost - before;
        charge.Usd = cost;
    }

    void Await(Guid runId, BudgetRefusal refusal)
    {
        world.Tally.Refusals++;
        if (waits.Find(wait => wait.RunId == runId) is { } wait) wait.ResumedAt = null;
        else waits.Add(new(runId, refusal.WantedUsd ?? 0, refusal.LeastUsd ?? 0));
    }

    sealed class Charge(decimal upperUsd)
    {
        public decimal UpperUsd => upperUsd;

        /// <summary>Null while the call is under way.</summary>
        public decimal? Usd { get; set; }
    }

    sealed class Waiting(Guid runId, decimal wanted, decimal least)
    {
        public Guid RunId => runId;
        public decimal Wanted => wanted;
        public decimal Least => least;
        public int? ResumedAt { get; set; }
    }
}
