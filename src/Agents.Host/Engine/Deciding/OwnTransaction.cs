using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Log;
using Marten;
using Wolverine.Marten;

namespace Agents.Host.Engine.Deciding;

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
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        outbox.Enroll(Session);
        await outbox.Send(Tenant, Owed);
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
