using Agents.Host.Engine.Queue;

namespace Agents.Host.Engine.Duties;

/// <summary>Does all duties of this node, each in a loop of its own.</summary>
public sealed class DutyHost(IEnumerable<IDuty> duties, Node node, SetAside setAside, ILogger<DutyHost> log) : BackgroundService
{
    readonly IReadOnlyList<DutyLoop> loops = [.. duties.Select(duty => new DutyLoop(duty, setAside, log))];

    /// <summary>Completes when the duty has ended a round that has not begun yet: what is due now has been seen to then.</summary>
    public Task NextRound<TDuty>() where TDuty : IDuty => loops.Single(loop => loop.Duty is TDuty).NextRound;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await node.Ready.WaitAsync(stoppingToken);
        await Task.WhenAll(loops.Select(loop => Task.Run(() => loop.Run(stoppingToken), stoppingToken)));
    }
}
