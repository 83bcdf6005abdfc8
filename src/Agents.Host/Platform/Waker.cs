using System.Threading.Channels;

namespace Agents.Host.Platform;

/// <summary>What one loop waits for and others wake. Woken several times while it works, the loop goes on once more.</summary>
public sealed class Waker
{
    readonly Channel<bool> woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Ends the loop's wait, or the next one when it does not wait at present. Never blocks.</summary>
    public void Wake() => woken.Writer.TryWrite(true);

    /// <summary>Waits until the loop is woken.</summary>
    public async Task Wait(CancellationToken ct) => await woken.Reader.ReadAsync(ct);

    /// <summary>Waits until the loop is woken, but no longer than so long.</summary>
    /// <returns>Whether it was woken.</returns>
    public async Task<bool> Wait(TimeSpan atMost, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(atMost);
        try
        {
            return await woken.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
