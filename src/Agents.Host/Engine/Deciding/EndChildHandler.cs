using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>Cancels a run whose parent has ended without it.</summary>
public static class EndChildHandler
{
    public static async Task<OutgoingMessages> Handle(EndChild work, Definitions definitions, IDocumentSession session, CancellationToken ct)
    {
        var transaction = new RunTransaction(session);
        await FamilyWork.End(transaction, work, definitions, ct);
        return transaction.Messages();
    }
}
