using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Log;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Wolverine;
using Wolverine.Marten;

namespace Agents.Host.Engine.Deciding;

/// <summary>
/// Changes runs in a Marten session. The owner of the session saves it: the middleware of a handler or an endpoint, or <see cref="OwnTransaction"/>.
/// </summary>
/// <param name="recent">Runs that this node has just stored. Null when each is read.</param>
public class RunTransaction(IDocumentSession session, RecentRuns? recent = null) : IRunTransaction
{
    readonly List<Work> owed = [];

    /// <summary>For what else is stored in the same transaction.</summary>
    public IDocumentSession Session => session;

    public string Tenant => session.TenantId;

    public IReadOnlyList<Work> Owed => owed;

    public async Task<IHeldRun?> Hold(Guid runId, CancellationToken ct)
    {
        if (await RunLog.Lock(session, runId, ct) is not { } version) return null;

        var run = recent?.At(session.TenantId, runId, version) ?? await session.LoadAsync<Run>(runId, ct)
            ?? throw new InvalidOperationException($"Run {runId} has no checkpoint.");
        return new Held(session, run, version);
    }

    public IHeldRun? Known(Guid runId) =>
        recent?.Latest(session.TenantId, runId) is { } known ? new Held(session, known.Run, known.Version) : null;

    public Task<LoadedRun?> Load(Guid runId, CancellationToken ct) => RunLog.Load(session, runId, version: null, ct);

    public Task<IReadOnlyList<Run>> Checkpoints(IReadOnlyCollection<Guid> runs, CancellationToken ct) => RunLog.Checkpoints(session, runs, ct);

    public void Begin(Guid runId, IReadOnlyList<RunEvent> facts) => session.Events.StartStream<Run>(runId, facts);

    public void Use(Guid runId, SlotUse use) => Slots.Use(session, runId, use);

    public void Owe(IEnumerable<Work> work) => owed.AddRange(work);

    /// <summary>What is owed, for a handler or an endpoint to return: it is stored with the facts.</summary>
    public OutgoingMessages Messages() => owed.Messages();

    /// <summary>The database checks the version when the session is saved.</summary>
    sealed class Held(IDocumentSession session, Run run, long version) : IHeldRun
    {
        public Run Run => run;

        public long Version => version;

        public void Append(IReadOnlyList<RunEvent> facts)
        {
            Projections.Checkpoints.HandOn(session, run, version);
            session.Events.Append(run.Id, version + facts.Count, facts);
        }
    }
}

/// <summary>A transaction in a session of its own. The session is enrolled in an outbox only when something is owed.</summary>
public sealed class OwnTransaction(IServiceScopeFactory scopes, IDocumentStore store, RecentRuns recent, string tenant)
    : RunTransaction(store.LightweightSession(tenant), recent), IOwnTransaction
{
    public Task<BudgetRefusal?> Reserve(Run run, CallModel work, string key, CallOffer offer, bool mayBeUnpriced, CancellationToken ct) =>
        Session.Reserve(run, work, key, offer, mayBeUnpriced, ct);

    public void WaitNoMore(Guid runId) =>
        Session.QueueSqlCommand("delete from finance.budget_wait where tenant_id = ? and run_id = ?", Tenant, runId);

    public async Task Commit(CancellationToken ct)
    {
        if (Owed.Count == 0)
        {
            await Session.SaveChangesAsync(ct);
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        if (scope.ServiceProvider.GetRequiredService<WorkerOptions>().MaxRuns > 0) // else duties of other nodes send it: this one has no messages
        {
            var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
            outbox.Enroll(Session);
            await outbox.Send(Tenant, Owed);
        }

        await Session.SaveChangesAsync(ct);
    }

    public ValueTask DisposeAsync() => Session.DisposeAsync();
}

/// <summary>Begins transactions in sessions of their own.</summary>
public sealed class RunTransactions(IServiceScopeFactory scopes, IDocumentStore store, RecentRuns recent) : IRunTransactions
{
    IOwnTransaction IRunTransactions.Begin(string tenant) => Begin(tenant);

    /// <summary>One in whose session more than runs is stored.</summary>
    public OwnTransaction Begin(string tenant) => new(scopes, store, recent, tenant);
}

/// <summary>Writes down what becomes of a run's slot, in the transaction of the facts from which it follows.</summary>
static class Slots
{
    const string Row = "where tenant_id = ? and run_id = ?";

    public static void Use(IDocumentSession session, Guid runId, SlotUse use)
    {
        if (use.IsKept()) return;

        if (use.Waits is Pending.Approval or Pending.Child or Pending.Wait)
            session.QueueSqlCommand(
                $"update agents.run_queue set node = null, waits_for = ?, not_before = null {Row}",
                Word(Named(use.Waits.Value)), session.TenantId, runId);
        else if (use.HeldBack is { } delay)
            session.QueueSqlCommand(
                $"""
                update agents.run_queue set waits_for = null, node = case when ? then null else node end,
                  not_before = least(clock_timestamp() + ?, case when not_before > clock_timestamp() then not_before end) {Row}
                """, use.Waits is Pending.Retry, delay, session.TenantId, runId);
        else if (use.Waits is Pending.Retry) // one whose time has come is being performed here
            session.QueueSqlCommand($"update agents.run_queue set node = null {Row} and not_before > clock_timestamp()", session.TenantId, runId);
        else
            session.QueueSqlCommand($"update agents.run_queue set node = null, waits_for = null, not_before = null {Row}", session.TenantId, runId);
    }

    static QueueWait Named(Pending waits) => waits switch
    {
        Pending.Child => QueueWait.Child,
        Pending.Wait => QueueWait.Wait,
        _ => QueueWait.Approval,
    };

    static string Word(QueueWait wait) => wait.ToString().ToLowerInvariant();
}
