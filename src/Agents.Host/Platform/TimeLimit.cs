namespace Agents.Host.Platform;

/// <summary>Work that may take only so long.</summary>
static class TimeLimit
{
    /// <summary>Cancels the work when its time is over.</summary>
    /// <exception cref="OutOfTimeException">It was cancelled for that.</exception>
    public static async Task<T> Within<T>(TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken ct)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(ct);
        time.CancelAfter(limit);
        try
        {
            return await work(time.Token);
        }
        catch (Exception e) when (time.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            throw new OutOfTimeException(limit, e);
        }
    }
}

/// <summary>Work was cancelled because it took longer than it may. That says nothing of the database.</summary>
public sealed class OutOfTimeException(TimeSpan limit, Exception cancelled)
    : Exception($"It took longer than {limit.TotalSeconds:0.#} s.", cancelled);
