using System.Diagnostics;
using System.Text;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Agents.Host.Streaming;

/// <summary>
/// Writes frames as they come, unbuffered on the whole way. A client that takes nothing for a while is closed; it can come back with its last id.
/// </summary>
/// <remarks>Wire format: WHATWG HTML, "Server-sent events".</remarks>
/// <param name="Frames">Ends when the token that it is read with is cancelled: the client has left, or this node stops.</param>
public sealed record EventStream(IAsyncEnumerable<Frame> Frames) : IResult
{
    /// <summary>Begun before the first frame, disposed when the client has left. Null for none.</summary>
    public Func<IDisposable>? Presence { get; init; }

    /// <summary>How long a client may take for <see cref="MostAtOnce"/> bytes.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client waits before it reconnects, in milliseconds.</summary>
    const int RetryMilliseconds = 1000;

    /// <summary>Bytes that a client must take within <see cref="Patience"/>.</summary>
    const int MostAtOnce = 16 * 1024;

    /// <summary>How often the client's key is checked again; heartbeats come at least this often.</summary>
    static readonly TimeSpan CredentialChecked = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        using var presence = Presence?.Invoke();
        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            if (!await TryWriteAll(httpContext, end.Token)) httpContext.Abort();
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, or this node stops; the client can come back with its last id, to any node.
        }
    }

    /// <summary>False when the client took too long to take a part of it.</summary>
    async Task<bool> TryWriteAll(HttpContext http, CancellationToken ct)
    {
        var (keys, keyId, checkedAt) = (http.RequestServices.GetRequiredService<KeyRing>(), Caller.Of(http).KeyId, Stopwatch.GetTimestamp());
        if (!await TryWrite(http.Response.Body, Encoding.UTF8.GetBytes($"retry: {RetryMilliseconds}\n\n"), ct)) return false;
        await foreach (var frame in Frames.WithCancellation(ct))
        {
            if (Stopwatch.GetElapsedTime(checkedAt) > CredentialChecked)
            {
                if (!await keys.IsStillGood(keyId, ct)) return true; // revoked; without [DONE], for it is not the run that ended
                checkedAt = Stopwatch.GetTimestamp();
            }

            if (!await TryWrite(http.Response.Body, frame.Bytes, ct)) return false;
        }

        return true;
    }

    /// <summary>False when the client took too long to take it.</summary>
    async Task<bool> TryWrite(Stream body, ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, MostAtOnce)..])
        {
            if (!await IsDoneInTime(body.WriteAsync(bytes[..Math.Min(bytes.Length, MostAtOnce)], ct))) return false;
            FaultPoint.Hit("sse-flush");
            if (!await IsDoneInTime(new(body.FlushAsync(ct)))) return false;
        }

        return true;
    }

    async Task<bool> IsDoneInTime(ValueTask written)
    {
        if (written.IsCompletedSuccessfully) return true;
        try
        {
            await written.AsTask().WaitAsync(Patience);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
