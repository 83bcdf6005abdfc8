using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Wolverine.Marten;

namespace Agents.Host.Engine.Deciding;

/// <summary>Decides for code that is no handler: facts and messages in one transaction of its own.</summary>
public sealed class Decisions(IServiceScopeFactory scopes, IDocumentStore store, Definitions definitions)
{
    /// <returns>Null when there is no such run.</returns>
    public async Task<Decision?> Decide(string tenant, Guid runId, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        await using var session = store.LightweightSession(tenant);
        outbox.Enroll(session);

        var decision = await session.Decide(runId, definitions, rule, ct);
        if (decision is not { Events.Count: > 0 }) return decision;

        await outbox.Send(tenant, decision.Due());
        await session.SaveChangesAsync(ct);
        return decision;
    }
}
