namespace Agents.Host.Engine.Queue;

/// <summary>
/// How a node stops. It begins nothing new. Runs with nothing in flight here are set free at once: another node takes them up, or this server when it
/// starts again. Calls under way may end within <see cref="WorkerOptions.DrainTimeout"/>; the node then breaks them off, and their outcome is stored as
/// unknown, for another attempt.
/// </summary>
/// <remarks>All of it happens while messages and database still work, before the host stops its other services.</remarks>
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
