using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Marten;
using Wolverine;

namespace Agents.Host.Engine.Deciding;

/// <summary>Gives back what a fork that has ended did not spend of the budget it drew on.</summary>
public static class SettleForkHandler
{
    public static async Task<OutgoingMessages> Handle(SettleFork work, Definitions definitions, IDocumentSession session, CancellationToken ct) =>
        await session.LoadAsync<Run>(work.Fork, ct) is { } fork && fork.IsFinished()
            ? (await session.Decide(work.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, Forks.EndOf(fork)), ct)).Messages()
            : [];
}
