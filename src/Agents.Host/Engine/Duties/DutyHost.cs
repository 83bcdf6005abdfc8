using Agents.Host.Engine.Queue;

namespace Agents.Host.Engine.Duties;

/// <summary>Does all duties of this node, each in a loop of its own.</summary>
/// <param name="admission">Which goes first when the node starts. Null on a node that gives no slots.</param>
public sealed class DutyHost(IEnumerable<IDuty> duties, Node node, SetAside setAside, ILogger<DutyHost> log, Admission? admission = null)
    : BackgroundService
{
    /// <summary>How long the other duties leave the node to the runs that others left, at its start.</summary>
    static readonly TimeSpan LeaveAtMost = TimeSpan.FromSeconds(2);

    /// <summary>How far apart they begin: the first requests, and runs that are taken up, come at the same time.</summary>
    static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(50);

    readonly IReadOnlyList<DutyLoop> loops = [.. duties.Select(duty => new DutyLoop(duty, setAside, log))];

    /// <summary>Completes when the duty has ended a round that has not begun yet: what is due now has been seen to then.</summary>
    public Task NextRound<TDuty>() where TDuty : IDuty => loops.Single(loop => loop.Duty is TDuty).NextRound;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        List<Task> running = [.. loops.Where(IsFirst).Select(Run)];
        try
        {
            await Task.WhenAny(admission?.HasLooked ?? Task.CompletedTask, Task.Delay(LeaveAtMost, stoppingToken));
            foreach (var loop in loops.Where(loop => !IsFirst(loop)))
            {
                running.Add(Run(loop));
                await Task.Delay(Apart, stoppingToken);
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }

        static bool IsFirst(DutyLoop loop) => loop.Duty is FreeRunsOfDeadNodes;

        Task Run(DutyLoop loop) => Task.Run(() => loop.Run(stoppingToken), stoppingToken);
    }
}
