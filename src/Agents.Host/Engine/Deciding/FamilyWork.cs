using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Deciding;

/// <summary>What the end of one run does to another.</summary>
public static class FamilyWork
{
    /// <summary>Cancels a run whose parent has ended without it.</summary>
    public static Task End(IRunTransaction transaction, EndChild work, IDefinitions definitions, CancellationToken ct) =>
        transaction.Cancel(work.RunId, Actor.System, $"Run {work.Parent}, which started it, has ended.", definitions, ct);

    /// <summary>Gives back what a fork that has ended did not spend of the budget it drew on.</summary>
    public static async Task Settle(IRunTransaction transaction, SettleFork work, IDefinitions definitions, CancellationToken ct)
    {
        if (await transaction.Checkpoints([work.Fork], ct) is [var fork] && fork.IsFinished())
            await transaction.Decide(work.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, EndOf(fork)), ct);
    }

    /// <summary>What a fork that has ended has spent at most.</summary>
    public static RecordForkEnded EndOf(Run fork) => new(fork.Id, fork.OwedAtMostUsd());
}
