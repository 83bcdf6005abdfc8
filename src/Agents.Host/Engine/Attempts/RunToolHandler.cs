using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Platform;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs a tool call attempt, then stores its outcome and all that follows from it in one transaction.</summary>
public static class RunToolHandler
{
    public static async Task<OutgoingMessages> Handle(
        RunTool work, Envelope message, ToolWorker worker, InFlight inFlight, Redriving redriving, Definitions definitions, IDocumentSession session,
        CancellationToken ct)
    {
        FaultPoint.Hit("msg-received");
        if (await worker.Perform(session.TenantId, work, ct) is not { } report)
            return await redriving.UnlessFirst(message, session.TenantId, work.RunId, ct);

        var decision = await session.Decide(work.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, report), ct);
        if (decision is { Events.Count: > 0 })
        {
            if (report is RecordChildWanted wanted && decision.Events.OfType<ChildRunStarted>().FirstOrDefault() is { } started)
                session.Events.StartStream<Run>(started.Child, wanted.Queued with { BudgetUsd = started.HeldUsd });
            FaultPoint.Hit("before-outcome-commit");
            return decision.Messages();
        }

        inFlight.Forget(work.RunId, InFlight.Of(work)); // it came late; nobody waits for it
        return await redriving.UnlessFirst(message, session.TenantId, work.RunId, ct);
    }
}
