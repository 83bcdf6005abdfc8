using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Log;
using Agents.Host.Postgres;

namespace Agents.Host.Engine.Attempts;

/// <summary>Sends what a run is owed once more. Sent twice does no harm, because the claim decides.</summary>
public sealed class Redriving(
    IRunLog log, IRunTransactions transactions, IRunQueue queue, IWorkSender sender, DatabaseClock clock, ISignals signals, ILogger<Redriving> logger)
{
    /// <summary>A run that waits gives its slot back; of any other, what is due is sent again.</summary>
    public async Task Redrive(string tenant, Guid runId, string why, CancellationToken ct)
    {
        if (await log.Load(tenant, runId, ct) is not { } loaded) return;

        var owed = OwedBy(loaded).ToLookup(IsDue);
        if (SlotUse.Of(loaded.Run) is { } waits && (!owed[true].Any() || owed[false].Any()))
            await GiveBack(
                tenant, loaded, new(owed[true].Any() ? null : waits, owed[false].Select(work => (TimeSpan?)work.Delay).Min(), IsRecalled: false), ct);
        if (!owed[true].Any()) return;

        LogSent(runId, why, owed[true].Count());
        await sender.Send(tenant, owed[true]);
    }

    /// <summary>
    /// What the run is owed at this moment, for a handler that was tried before and finds nothing to decide. Nothing when the run has no slot, since
    /// the node that gives it one sends its work.
    /// </summary>
    public async Task<IReadOnlyList<Work>> OwedNow(string tenant, Guid runId, CancellationToken ct)
    {
        if (!await queue.HasSlot(tenant, runId, ct) || await log.Load(tenant, runId, ct) is not { } loaded) return [];

        var owed = OwedBy(loaded).Where(IsDue).ToList(); // the queue brings back what is held
        if (owed.Count > 0) LogSent(runId, "decided by an earlier try of a message", owed.Count);
        return owed;
    }

    /// <summary>Sends work of which a duty has found that its message may be lost.</summary>
    public Task Send(string tenant, IEnumerable<Work> owed) => sender.Send(tenant, owed);

    static bool IsDue(Work work) => work.Delay <= SlotUse.LongestHeld;

    /// <summary>A retry that waits keeps waiting as long as it was told to.</summary>
    IEnumerable<Work> OwedBy(LoadedRun loaded)
    {
        var scheduled = loaded.Facts
            .Select(fact => (Work: Work.DueTo(loaded.Run.Id, fact.Happened), fact.At))
            .Where(due => due.Work is not null)
            .ToLookup(due => due.Work!.Message, due => due.At + due.Work!.Delay);

        return Work.OwedBy(loaded.Run)
            .Select(work => work with { Delay = scheduled[work.Message].Append(DateTimeOffset.MinValue).Max() - clock.GetUtcNow() });
    }

    /// <summary>
    /// The run waits and holds a slot all the same, such as one that was resumed. Nothing is done when the run has moved on meanwhile.
    /// </summary>
    async Task GiveBack(string tenant, LoadedRun loaded, SlotUse use, CancellationToken ct)
    {
        await using var transaction = transactions.Begin(tenant);
        if (await transaction.Hold(loaded.Run.Id, ct) is not { } held || held.Version != loaded.Version) return;

        transaction.Use(loaded.Run.Id, use);
        await transaction.Commit(ct);
        signals.Announce(new(loaded.Run.Id, MovesTheQueue: true, Ends: false));
    }

    void LogSent(Guid runId, string why, int count)
    {
        RunTelemetry.Redrives.Add(1);
        logger.LogInformation("Run {Run} was {Why}: {Count} pieces of work sent again", runId, why, count);
    }
}
