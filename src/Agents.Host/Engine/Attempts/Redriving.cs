using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Postgres;
using Marten;
using Npgsql;
using Wolverine;

namespace Agents.Host.Engine.Attempts;

/// <summary>Sends what a run is owed once more. Sent twice does no harm, because the claim decides.</summary>
public sealed class Redriving(
    IServiceScopeFactory scopes, IDocumentStore store, NpgsqlDataSource database, DatabaseClock clock, NodeSignals signals, ILogger<Redriving> log)
{
    public async Task Redrive(string tenant, Guid runId, string why, CancellationToken ct)
    {
        var (run, version, all) = await Owed(tenant, runId, ct);
        var owed = all.ToLookup(work => work.Delay <= SlotUse.LongestHeld);
        if (SlotUse.Of(run) is { } waits && (!owed[true].Any() || owed[false].Any()))
            await GiveBack(tenant, runId, version, new(owed[true].Any() ? null : waits, owed[false].Select(work => (TimeSpan?)work.Delay).Min(), IsRecalled: false), ct);
        if (!owed[true].Any()) return;

        Tell(runId, why, owed[true].Count());
        await Send(tenant, owed[true]);
    }

    /// <summary>
    /// For a handler that finds nothing to decide. If it has been tried before, that try may have been stored and the answer to its COMMIT lost: then the
    /// messages stored with it lie unsent, and what the run is owed is sent now; unless the run has no slot, since whoever gives it one sends them.
    /// </summary>
    public async Task<OutgoingMessages> UnlessFirst(Envelope message, string tenant, Guid runId, CancellationToken ct)
    {
        if (message.Attempts <= 1 || !await HasSlot(tenant, runId, ct)) return [];

        var owed = (await Owed(tenant, runId, ct)).Owed.Where(work => work.Delay <= SlotUse.LongestHeld).ToList(); // the queue brings back what is held
        if (owed.Count > 0) Tell(runId, "decided by an earlier try of a message", owed.Count);
        return owed.Messages();
    }

    public async Task Send(string tenant, IEnumerable<Work> owed)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().Send(tenant, owed);
    }

    /// <summary>A retry that waits keeps waiting as long as it was told to.</summary>
    async Task<(Run Run, long Version, List<Work> Owed)> Owed(string tenant, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, token: ct);
        var run = stored.Select(e => (RunEvent)e.Data).Aggregate(Run.Before(runId), Run.Evolve);
        var scheduled = stored
            .Select(e => (Work: Work.DueTo(runId, (RunEvent)e.Data), e.Timestamp))
            .Where(due => due.Work is not null)
            .ToLookup(due => due.Work!.Message, due => due.Timestamp + due.Work!.Delay);

        var owed = Work.OwedBy(run)
            .Select(work => work with { Delay = scheduled[work.Message].Append(DateTimeOffset.MinValue).Max() - clock.GetUtcNow() })
            .ToList();
        return (run, stored.Count == 0 ? 0 : stored[^1].Version, owed);
    }

    async Task<bool> HasSlot(string tenant, Guid runId, CancellationToken ct)
    {
        await using var command = database.CreateCommand("select exists (select from agents.run_queue where tenant_id = $1 and run_id = $2 and node is not null)");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = runId });
        return await command.ExecuteScalarAsync(ct) is true;
    }

    void Tell(Guid runId, string why, int count)
    {
        RunTelemetry.Redrives.Add(1);
        log.LogInformation("Run {Run} was {Why}: {Count} pieces of work sent again", runId, why, count);
    }

    /// <summary>The run waits and holds a slot all the same, such as one that was resumed. Nothing is done when the run has moved on meanwhile.</summary>
    async Task GiveBack(string tenant, Guid runId, long version, SlotUse use, CancellationToken ct)
    {
        await using var session = store.LightweightSession(tenant);
        var stream = await session.Events.FetchForExclusiveWriting<Run>(runId, ct);
        if (stream.CurrentVersion != version) return;

        session.Use(runId, use);
        await session.SaveChangesAsync(ct);
        signals.Announce(new(runId, MovesTheQueue: true, Ends: false));
    }
}
