using Agents.Domain.Runs;
using Agents.Host.Postgres;
using Agents.Host.Telemetry;
using Marten;
using Wolverine;

namespace Agents.Host.Workers;

/// <summary>Sends what a run is owed once more. Sent twice does no harm, because the claim decides.</summary>
public sealed class Redriving(IServiceScopeFactory scopes, IDocumentStore store, DatabaseClock clock, ILogger<Redriving> log)
{
    public async Task Redrive(string tenant, Guid runId, string why, CancellationToken ct)
    {
        var owed = await Owed(tenant, runId, why, ct);
        if (owed.Count > 0) await Send(tenant, owed);
    }

    /// <summary>
    /// For a handler that finds nothing to decide. If it has been tried before, that try may have been stored and the answer to its COMMIT lost: then the
    /// messages stored with it lie unsent, and what the run is owed is sent now.
    /// </summary>
    public async Task<OutgoingMessages> UnlessFirst(Envelope message, string tenant, Guid runId, CancellationToken ct) =>
        message.Attempts > 1 ? (await Owed(tenant, runId, "decided by an earlier try of a message", ct)).Messages() : [];

    public async Task Send(string tenant, IEnumerable<Work> owed)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().Send(tenant, owed);
    }

    /// <summary>A retry that waits keeps waiting as long as it was told to.</summary>
    async Task<List<Work>> Owed(string tenant, Guid runId, string why, CancellationToken ct)
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
        if (owed.Count == 0) return owed;

        RunTelemetry.Redrives.Add(1);
        log.LogInformation("Run {Run} was {Why}: {Count} pieces of work sent again", runId, why, owed.Count);
        return owed;
    }
}
