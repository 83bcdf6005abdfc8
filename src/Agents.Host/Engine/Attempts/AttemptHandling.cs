using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Log;
using Agents.Host.Platform;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs what a message asks for, then decides all that follows from its outcome in the transaction of the message.</summary>
public sealed class AttemptHandling(ModelWorker models, ToolWorker tools, InFlight inFlight, Redriving redriving, IDefinitions definitions)
{
    /// <param name="isFirst">The message was not tried before.</param>
    public Task Perform(IRunTransaction transaction, CallModel work, bool isFirst, CancellationToken ct) => Perform(
        transaction, work.RunId, InFlight.Of(work), isFirst, mayBeKnown: false, () => models.Perform(transaction.Tenant, work, ct), RunDecider.Decide, ct);

    /// <inheritdoc cref="Perform(IRunTransaction, CallModel, bool, CancellationToken)"/>
    public Task Perform(IRunTransaction transaction, RunTool work, bool isFirst, CancellationToken ct) => Perform(
        transaction, work.RunId, InFlight.Of(work), isFirst, mayBeKnown: isFirst, () => tools.Perform(transaction.Tenant, work, ct), RunDecider.Decide, ct);

    /// <param name="mayBeKnown">
    /// Whether the outcome may build on the run as this node stored it last. Not that of a model call, since it settles budgets, which are locked behind the
    /// run.
    /// </param>
    async Task Perform<T>(
        IRunTransaction transaction, Guid runId, string attempt, bool isFirst, bool mayBeKnown, Func<Task<T?>> perform,
        Func<Run, AgentDefinition, T, Decision> rule, CancellationToken ct) where T : class
    {
        FaultPoint.Hit("msg-received");
        if (await perform() is { } report)
        {
            Decision Rule(Run run, AgentDefinition agent) => rule(run, agent, report);
            var known = mayBeKnown ? await transaction.DecideOnKnown(runId, definitions, Rule, ct) : null;
            var decision = known ?? await transaction.Decide(runId, definitions, Rule, ct);
            if (decision is { Events.Count: > 0 })
            {
                FaultPoint.Hit("before-outcome-commit");
                return;
            }

            inFlight.Forget(runId, attempt); // it came late; the run waits for it no more
        }

        // An earlier try may have been stored, and the answer to its COMMIT lost: then the messages stored with it lie unsent.
        if (!isFirst) transaction.Owe(await redriving.OwedNow(transaction.Tenant, runId, ct));
    }
}

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
