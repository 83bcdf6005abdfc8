using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>Work as Wolverine's messages.</summary>
public static class WorkMessages
{
    /// <summary>Decides in the session of an endpoint, which returns the decision's messages and whose middleware saves.</summary>
    /// <returns>Null when there is no such run.</returns>
    public static Task<Decision?> Decide(
        this IDocumentSession session, Guid runId, IDefinitions definitions, Func<Run, AgentDefinition, Decision> rule, CancellationToken ct) =>
        new RunTransaction(session).Decide(runId, definitions, rule, ct);

    /// <summary>The messages a decision owes, for an endpoint to return: they are stored with its facts.</summary>
    public static OutgoingMessages Messages(this Decision? decision) => (decision?.Due() ?? []).Messages();

    /// <summary>Sends at once, or through the outbox in which the bus is enrolled.</summary>
    public static async Task Send(this IMessageBus bus, string tenant, IEnumerable<Work> owed)
    {
        bus.TenantId = tenant;
        foreach (var work in owed)
            await bus.PublishAsync(work.Message, work.Delay > TimeSpan.Zero ? new DeliveryOptions { ScheduleDelay = work.Delay } : null);
    }

    /// <summary>For a handler or an endpoint to return: stored with the facts of its session.</summary>
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
}
