using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using JasperFx.Events;
using Marten;
using Marten.Events;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>The one way in which a run changes: load it under its row lock, decide, append; the caller's transaction stores all of it.</summary>
public static class Deciding
{
    /// <returns>Null when there is no such run.</returns>
    public static async Task<Decision?> Decide(
        this IDocumentSession session, Guid runId, Definitions definitions, Func<Run, AgentDefinition, Decision> decide, CancellationToken ct)
    {
#if MUTANTS
        if (Domain.Mutation.Without("expected version"))
        {
            if (await session.LoadAsync<Run>(runId, ct) is not { } seen) return null;
            var unfenced = decide(seen, await definitions.Of(seen.DefinitionHash, ct));
            if (unfenced.Events.Count > 0) session.Events.Append(runId, unfenced.Events);
            return unfenced;
        }
#endif
        var stream = await session.Events.FetchForExclusiveWriting<Run>(runId, ct);
        if (stream.Aggregate is not { } run) return null;

        var decision = decide(run, await definitions.Of(run.DefinitionHash, ct));
        session.Append(stream, decision);
        return decision;
    }

    /// <summary>Appends a decision's facts, and writes down what becomes of the run's slot.</summary>
    public static void Append(this IDocumentSession session, IEventStream<Run> stream, Decision decision)
    {
        if (decision.Events.Count == 0) return;
        stream.AppendMany(decision.Events);
        session.Use(decision.Run.Id, decision.Slot());
    }

    /// <summary>The messages a decision owes, for a handler to return: they are stored with its facts.</summary>
    public static OutgoingMessages Messages(this Decision? decision) => (decision?.Due() ?? []).Messages();

    public static OutgoingMessages Messages(this IEnumerable<Work> owed)
    {
        var messages = new OutgoingMessages();
        foreach (var work in owed)
        {
            if (work.Delay > TimeSpan.Zero) messages.Delay(work.Message, work.Delay);
            else messages.Add(work.Message);
        }

        return messages;
    }

    /// <summary>The same for code that is no handler: sends through an outbox enrolled in the session.</summary>
    public static async Task Send(this IMessageBus bus, string tenant, IEnumerable<Work> owed)
    {
        bus.TenantId = tenant;
        foreach (var work in owed)
            await bus.PublishAsync(work.Message, work.Delay > TimeSpan.Zero ? new DeliveryOptions { ScheduleDelay = work.Delay } : null);
    }
}
