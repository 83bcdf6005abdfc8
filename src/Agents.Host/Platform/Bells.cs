using System.Threading.Channels;
using Agents.Domain.Runs;
using Marten;
using Marten.Services;

namespace Agents.Host.Platform;

static class Bells
{
    /// <summary>Rings once however often it is struck before somebody listens.</summary>
    public static Channel<bool> One() => Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Waits for the bell, at most so long. Whether it rang.</summary>
    public static async Task<bool> Ring(this ChannelReader<bool> bell, TimeSpan atMost, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(atMost);
        try
        {
            return await bell.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
