using System.Text;
using Agents.Host.Workers;
using Microsoft.AspNetCore.Http.Features;

namespace Agents.Host.Streaming;

/// <summary>One frame of a stream of server-sent events.</summary>
/// <param name="Id">What a client sends back as <c>Last-Event-ID</c>. Null leaves the last one standing.</param>
/// <param name="Event">Null for a plain message.</param>
/// <param name="Data">One line. Null makes the frame a comment, which keeps the connection open.</param>
public sealed record Frame(string? Id, string? Event, string? Data)
{
    public static readonly Frame Heartbeat = new(null, null, null);

    /// <summary>The last frame of every stream, as OpenAI's clients expect it.</summary>
    public static readonly Frame Done = new(null, null, "[DONE]");
}

/// <summary>Writes frames as they come, unbuffered on the whole way.</summary>
/// <remarks>Wire format: WHATWG HTML, "Server-sent events".</remarks>
public sealed class EventStream(IAsyncEnumerable<Frame> frames) : IResult
{
    /// <summary>How long a client waits before it reconnects, in milliseconds.</summary>
    const int RetryMilliseconds = 1000;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        var stopping = httpContext.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await Write($"retry: {RetryMilliseconds}\n\n");
            await foreach (var frame in frames.WithCancellation(end.Token)) await Write(TextOf(frame));
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, or this node stops; it can come back with its last id, to any node.
        }

        async Task Write(string text)
        {
            await response.WriteAsync(text, end.Token);
            FaultPoint.Hit("sse-flush");
            await response.Body.FlushAsync(end.Token);
        }
    }

    static string TextOf(Frame frame)
    {
        if (frame.Data is null) return ": still here\n\n";

        var text = new StringBuilder();
        if (frame.Id is not null) text.Append("id: ").Append(frame.Id).Append('\n');
        if (frame.Event is not null) text.Append("event: ").Append(frame.Event).Append('\n');
        return text.Append("data: ").Append(frame.Data).Append("\n\n").ToString();
    }
}
