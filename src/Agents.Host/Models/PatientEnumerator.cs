namespace Agents.Host.Models;

/// <summary>Reads a stream that may not heed its token: a step that hangs is left behind and cleaned up when it ends.</summary>
sealed class PatientEnumerator<T>(IAsyncEnumerable<T> source, CancellationToken ct) : IAsyncDisposable
{
    readonly IAsyncEnumerator<T> items = source.GetAsyncEnumerator(ct);
    Task<bool>? step;

    public T Current => items.Current;

    /// <summary>Whether an item has come.</summary>
    public bool HasStarted { get; private set; }

    /// <exception cref="OperationCanceledException">The token was cancelled, whether the source noticed or not.</exception>
    public async ValueTask<bool> MoveNext()
    {
        var next = items.MoveNextAsync();
        var hasNext = next.IsCompletedSuccessfully ? next.Result : await (step = next.AsTask()).WaitAsync(ct);
        HasStarted |= hasNext;
        return hasNext;
    }

    public async ValueTask DisposeAsync()
    {
        if (step is null or { IsCompleted: true }) await items.DisposeAsync();
        else _ = DisposeAfter(step);
    }

    // An async iterator cannot be disposed while a step of it runs.
    async Task DisposeAfter(Task unfinished)
    {
        await unfinished.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await items.DisposeAsync();
    }
}
