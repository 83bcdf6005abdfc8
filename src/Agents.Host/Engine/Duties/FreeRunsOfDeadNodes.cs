using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Sets free the runs of nodes that are gone. Admission takes them up, on any node that has a free slot.</summary>
public sealed class FreeRunsOfDeadNodes(
    RunsDue runs, IRunQueue queue, INode node, ISignals signals, ILogger<FreeRunsOfDeadNodes> log) : IWatchedDuty
{
    public const string Title = "free runs of dead nodes";

    readonly TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => Title;

    public Waker Due { get; } = new();

    /// <summary>Completes when the runs of nodes that are gone were set free for the first time.</summary>
    public Task HasLooked => looked.Task;

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        var nodes = await round.Ask(runs.Nodes);
        var gone = await round.Ask(token => node.Gone(nodes, token));
        await round.SeeTo(gone, name => new("", name), SetFree);
        looked.TrySetResult();
    }

    public async Task SetFree(string gone, CancellationToken ct)
    {
        if (await queue.SetFree([gone], ct) is not (> 0 and var count)) return;
        log.LogWarning("{Count} runs are left by {Node}, which is gone", count, gone);
        signals.WakeAdmissionHere();
    }
}
