using System.Runtime.CompilerServices;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// A place in the engine's code at which the world may let others go first: whoever awaits it goes on when the world picks its process. A process that has
/// died is never picked, so nothing of it goes on, not even a finally.
/// </summary>
/// <param name="notBefore">The tick from which it may go on.</param>
readonly struct Turn(SimulatedProcess process, int notBefore) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public Turn GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => process.Wait(continuation, notBefore);

    public void UnsafeOnCompleted(Action continuation) => process.Wait(continuation, notBefore);
}

/// <summary>The same, which comes at once when what it waits for is aborted.</summary>
sealed class AbortableTurn(SimulatedProcess process, int notBefore) : ICriticalNotifyCompletion
{
    Waiting? waiting;

    public bool IsCompleted => false;

    public AbortableTurn GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => waiting = process.Wait(continuation, notBefore);

    public void UnsafeOnCompleted(Action continuation) => waiting = process.Wait(continuation, notBefore);

    public void Abort()
    {
        if (waiting is { } pending) pending.NotBefore = 0;
    }
}

/// <summary>Something of a process that goes on when the world picks it.</summary>
sealed class Waiting(Action goOn, int notBefore)
{
    public Action GoOn => goOn;

    public int NotBefore { get; set; } = notBefore;
}

/// <summary>
/// Keeps the engine's asynchronous code on the world's one thread: what it would hand to the thread pool is done by the world instead, so that a seed always
/// tells the same story.
/// </summary>
sealed class SimulatedContext : SynchronizationContext
{
    readonly Queue<(SendOrPostCallback Callback, object? State)> posted = new();

    public override void Post(SendOrPostCallback d, object? state) => posted.Enqueue((d, state));

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public void Run()
    {
        while (posted.TryDequeue(out var next)) next.Callback(next.State);
    }
}
