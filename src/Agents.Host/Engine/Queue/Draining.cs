namespace Agents.Host.Engine.Queue;

/// <summary>
/// How a node stops. It begins nothing new; runs with nothing in flight here are set free at once for other nodes, or for its next start; calls under way
/// may end within <see cref="WorkerOptions.DrainTimeout"/>; what is still under way then is broken off and booked as unknown, for another attempt.
/// </summary>
/// <remarks>All of it happens while messages and database still work, before anything else is told to stop.</remarks>
public sealed class Draining(IHostApplicationLifetime host, HandingOver handingOver) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registered = host.ApplicationStopping.Register(() =>
        {
            handingOver.Close();
            stopping.TrySetResult();
        });
        await stopping.Task;
        await handingOver.UntilEmpty();
    }
}
