using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>Gives back what a fork that has ended did not spend of the budget it drew on.</summary>
public static class SettleForkHandler
{
    public static async Task<OutgoingMessages> Handle(SettleFork work, Definitions definitions, IDocumentSession session, CancellationToken ct)
    {
        var transaction = new RunTransaction(session);
        await FamilyWork.Settle(transaction, work, definitions, ct);
        return transaction.Messages();
    }
}
