using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Wolverine;

namespace Agents.Host.Workers;

/// <summary>Cancels a run whose parent has ended without it.</summary>
public static class EndChildHandler
{
    public static async Task<OutgoingMessages> Handle(EndChild work, Definitions definitions, IDocumentSession session, CancellationToken ct) =>
        (await session.Decide(work.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, Cancel(work)), ct)).Messages();

    internal static CancelRun Cancel(EndChild work) => new("system", $"Run {work.Parent}, which started it, has ended.");
}
