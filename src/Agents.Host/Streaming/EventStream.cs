using System.Diagnostics;
using System.Text;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Agents.Host.Streaming;

/// <summary>Writes frames as they come, unbuffered on the whole way. A reader that takes nothing for a while is closed; it can come back with its last id.</summary>
/// <remarks>Wire format: WHATWG HTML, "Server-sent events".</remarks>
public sealed record EventStream(IAsyncEnumerable<Frame> Frames) : IResult
{
    /// <summary>Begun before the first frame, disposed when the reader has left. Null for none.</summary>
    public Func<IDisposable>? Attendance { get; init; }

    /// <summary>How long a client waits before it reconnects, in milliseconds.</summary>
    const int RetryMilliseconds = 1000;

    /// <summary>Bytes that a reader must take within <see cref="Patience"/>.</summary>
    const int MostAtOnce = 16 * 1024;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How often it is seen to that the reader may still read; also heartbeats come at least this often.</summary>
    static readonly TimeSpan CredentialChecked = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        var (keys, keyId, checkedAt) = (httpContext.RequestServices.GetRequiredService<KeyRing>(), Caller.Of(httpContext).KeyId, Stopwatch.GetTimestamp());
        using var attendance = Attendance?.Invoke();
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await Write(Encoding.UTF8.GetBytes($"retry: {RetryMilliseconds}\n\n"));
            await foreach (var frame in Frames.WithCancellation(end.Token))
            {
                if (Stopwatch.GetElapsedTime(checkedAt) > CredentialChecked)
                {
                    if (!await keys.IsStillGood(keyId, end.Token)) return; // revoked; without [DONE], for it is not the run that ended
                    checkedAt = Stopwatch.GetTimestamp();
                }

                await Write(frame.Bytes);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, or this node stops; it can come back with its last id, to any node.
        }
        catch (TimeoutException)
        {
            httpContext.Abort(); // nobody reads at the other end
        }

        async Task Write(ReadOnlyMemory<byte> bytes)
        {
            for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, MostAtOnce)..])
            {
                var written = response.Body.WriteAsync(bytes[..Math.Min(bytes.Length, MostAtOnce)], end.Token);
                if (!written.IsCompletedSuccessfully) await written.AsTask().WaitAsync(Patience);
                FaultPoint.Hit("sse-flush");
                var flushed = response.Body.FlushAsync(end.Token);
                if (!flushed.IsCompletedSuccessfully) await flushed.WaitAsync(Patience);
            }
        }
    }
}
