using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Log;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs a model call attempt, then stores its outcome and all that follows from it in one transaction.</summary>
public static class CallModelHandler
{
    public static async Task<OutgoingMessages> Handle(
        CallModel work, Envelope message, AttemptHandling attempts, RecentRuns recent, IDocumentSession session, CancellationToken ct)
    {
        var transaction = new RunTransaction(session, recent);
        await attempts.Perform(transaction, work, isFirst: message.Attempts <= 1, ct);
        return transaction.Messages();
    }
}

/// <summary>Performs a tool call attempt, then stores its outcome and all that follows from it in one transaction.</summary>
public static class RunToolHandler
{
    public static async Task<OutgoingMessages> Handle(
        RunTool work, Envelope message, AttemptHandling attempts, RecentRuns recent, IDocumentSession session, CancellationToken ct)
    {
        var transaction = new RunTransaction(session, recent);
        await attempts.Perform(transaction, work, isFirst: message.Attempts <= 1, ct);
        return transaction.Messages();
    }
}
