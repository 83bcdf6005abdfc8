using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Models;

/// <summary>
/// A model provider on loopback that says what a test tells it to, in the wire formats of OpenAI (and Azure), Anthropic and Ollama.
/// Needs only ASP.NET, so another test project can link this file.
/// </summary>
public sealed class FakeProvider : IAsyncDisposable
{
    readonly WebApplication app;
    readonly FileStream? ledger;
    readonly Lock gate = new();
    readonly List<FakeRequest> requests = [];
    readonly Dictionary<int, DateTimeOffset> abandoned = [];
    readonly Queue<FakeReply> script = new();
    readonly CancellationTokenSource stopping = new();
    Func<FakeRequest, FakeReply> otherwise = _ => new();

    FakeProvider(string? ledgerPath, string host, int port)
    {
        ledger = ledgerPath is null ? null : new(ledgerPath, FileMode.Append, FileAccess.Write, FileShare.Read);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{host}:{port}");
        app = builder.Build();
        app.Run(Answer);
    }

    /// <param name="ledgerPath">Every request is a JSON line in this file, on the disk before it is answered. Null for none.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="host">The address it listens at.</param>
    public static async Task<FakeProvider> Start(string? ledgerPath = null, int port = 0, string host = "127.0.0.1")
    {
        var provider = new FakeProvider(ledgerPath, host, port);
        await provider.app.StartAsync();
        return provider;
    }

    public Uri Address => new(app.Urls.Single());

    public IReadOnlyList<FakeRequest> Requests
    {
        get { lock (gate) return [.. requests]; }
    }

    /// <summary>When the client closed the connection of a request that was not answered yet, by the request's number.</summary>
    public IReadOnlyDictionary<int, DateTimeOffset> Abandoned
    {
        get { lock (gate) return new Dictionary<int, DateTimeOffset>(abandoned); }
    }

    /// <summary>The next requests get these replies, in this order.</summary>
    public FakeProvider Script(params FakeReply[] replies)
    {
        lock (gate) foreach (var reply in replies) script.Enqueue(reply);
        return this;
    }

    /// <summary>What a request gets when the script is at its end.</summary>
    public FakeProvider Otherwise(Func<FakeRequest, FakeReply> respond)
    {
        otherwise = respond;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await app.DisposeAsync();
        if (ledger is not null) await ledger.DisposeAsync();
        stopping.Dispose();
    }

    async Task Answer(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var (request, reply) = Receive(context.Request, await reader.ReadToEndAsync());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping.Token);
        try
        {
            await Task.Delay(reply.Delay, stop.Token);
            if (reply.Drops)
            {
                context.Abort();
                return;
            }
            foreach (var (name, value) in reply.Headers) context.Response.Headers[name] = value;
            context.Response.StatusCode = reply.Status;
            if (reply.Status != 200)
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(reply.Body ?? Wire.Error(request, reply), stop.Token);
                return;
            }
            var (contentType, frames) = Wire.Of(request, reply);
            context.Response.ContentType = reply.ContentType ?? contentType;
            await Send(context, reply.Frames ?? frames, reply, stop.Token);
            if (reply.StaysOpen) await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);
        }
        catch (OperationCanceledException)
        {
            if (context.RequestAborted.IsCancellationRequested && !stopping.IsCancellationRequested)
                lock (gate) abandoned[request.Number] = DateTimeOffset.UtcNow;
            context.Abort();
        }
    }

    (FakeRequest, FakeReply) Receive(HttpRequest http, string body)
    {
        lock (gate)
        {
            var headers = http.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            var request = new FakeRequest(requests.Count + 1, DateTimeOffset.UtcNow, http.Path + http.QueryString.Value, headers, body);
            requests.Add(request);
            if (ledger is not null)
            {
                JsonSerializer.Serialize(ledger, new
                {
                    request.Number, request.At, request.Path, request.Body, ClientRequestId = headers.GetValueOrDefault("X-Client-Request-Id"),
                });
                ledger.WriteByte((byte)'\n');
                ledger.Flush(flushToDisk: true);
            }
            return (request, script.TryDequeue(out var reply) ? reply : otherwise(request));
        }
    }

    static async Task Send(HttpContext context, IEnumerable<string> frames, FakeReply reply, CancellationToken ct)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var sent = 0;
        foreach (var frame in frames)
        {
            var bytes = Encoding.UTF8.GetBytes(frame);
            var length = reply.StopAfterBytes is { } stopAfter ? Math.Min(bytes.Length, stopAfter - sent) : bytes.Length;
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, length), ct);
            await context.Response.Body.FlushAsync(ct);
            sent += length;
            if (sent == reply.StopAfterBytes) break;
            if (reply.BetweenFrames > TimeSpan.Zero) await Task.Delay(reply.BetweenFrames, ct);
        }
        if (reply.StopAfterBytes is null || reply.Stop == FakeStop.End) return;

        await Task.Delay(reply.Stop == FakeStop.Hang ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(50), ct); // let what was sent arrive
        context.Abort();
    }

    static class Wire
    {
        public static (string ContentType, IEnumerable<string> Frames) Of(FakeRequest request, FakeReply reply) => request switch
        {
            { Protocol: FakeProtocol.OpenAI, IsStreaming: true } => ("text/event-stream", OpenAIStream(request, reply)),
            { Protocol: FakeProtocol.OpenAI } => ("application/json", [OpenAIWhole(request, reply)]),
            { Protocol: FakeProtocol.Anthropic, IsStreaming: true } => ("text/event-stream", AnthropicStream(request, reply)),
            { Protocol: FakeProtocol.Anthropic } => ("application/json", [AnthropicWhole(request, reply)]),
            { IsStreaming: true } => ("application/x-ndjson", OllamaStream(request, reply)),
            _ => ("application/json", [OllamaWhole(request, reply)]),
        };

        public static string Error(FakeRequest request, FakeReply reply) => request.Protocol switch
        {
            FakeProtocol.OpenAI => $$$"""{"error":{"message":{{{Json(reply.Text)}}},"type":"fake_error","param":null,"code":null}}""",
            FakeProtocol.Anthropic => $$"""{"type":"error","error":{"type":"api_error","message":{{Json(reply.Text)}}},"request_id":"req_fake"}""",
            _ => $$"""{"error":{{Json(reply.Text)}}}""",
        };

        static IEnumerable<string> OpenAIStream(FakeRequest request, FakeReply reply)
        {
            var head =
                $$"""data: {"id":"chatcmpl-{{request.Number}}","object":"chat.completion.chunk","created":1700000000,"model":{{Json(reply.Model ?? request.Model)}},"choices":[""";
            string Choice(string delta, string finish = "null") =>
                $$"""{{head}}{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""" + "\n\n";

            yield return Choice("""{"role":"assistant","content":""}""");
            foreach (var piece in Pieces(reply.Text, reply.PieceLength)) yield return Choice($$"""{"content":{{Json(piece)}}}""");
            foreach (var (call, index) in reply.ToolCalls.Select((call, index) => (call, index)))
            {
                yield return Choice(
                    $$$"""{"tool_calls":[{"index":{{{index}}},"id":{{{Json(call.Id ?? $"call_{request.Number}_{index}")}}},"type":"function","function":{"name":{{{Json(call.Name)}}},"arguments":""}}]}""");
                foreach (var piece in Pieces(call.Arguments, reply.PieceLength))
                    yield return Choice($$$"""{"tool_calls":[{"index":{{{index}}},"function":{"arguments":{{{Json(piece)}}}}}]}""");
            }
            yield return Choice("{}", Json(reply.FinishReason ?? (reply.ToolCalls.Count > 0 ? "tool_calls" : "stop")));
            if (OpenAIUsage(reply) is { } usage && request.Body.Contains("\"include_usage\":true", StringComparison.Ordinal))
                yield return $$"""{{head}}],"usage":{{usage}}}""" + "\n\n";
            yield return "data: [DONE]\n\n";
        }

        static string OpenAIWhole(FakeRequest request, FakeReply reply)
        {
            var calls = string.Join(",", reply.ToolCalls.Select((call, index) =>
                $$$"""{"id":{{{Json(call.Id ?? $"call_{request.Number}_{index}")}}},"type":"function","function":{"name":{{{Json(call.Name)}}},"arguments":{{{Json(call.Arguments)}}}}}"""));
            return $$"""
                {"id":"chatcmpl-{{request.Number}}","object":"chat.completion","created":1700000000,"model":{{Json(reply.Model ?? request.Model)}},
                "choices":[{"index":0,"message":{"role":"assistant","content":{{Json(reply.Text)}},"tool_calls":[{{calls}}]},
                "finish_reason":{{Json(reply.FinishReason ?? (reply.ToolCalls.Count > 0 ? "tool_calls" : "stop"))}}}],"usage":{{OpenAIUsage(reply) ?? "null"}}}
                """;
        }

        static string? OpenAIUsage(FakeReply reply) => reply.RawUsage ?? (reply.Usage is not { } usage ? null : $$"""
            {"prompt_tokens":{{usage.AllInput}},"completion_tokens":{{usage.AllOutput}},"total_tokens":{{usage.AllInput + usage.AllOutput}},
            "prompt_tokens_details":{"cached_tokens":{{usage.CachedInput}},"audio_tokens":0,"cache_write_tokens":{{usage.CacheWrite5Minutes + usage.CacheWrite1Hour}}},
            "completion_tokens_details":{"reasoning_tokens":{{usage.Reasoning}},"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}
            }
            """.ReplaceLineEndings(""));

        static IEnumerable<string> AnthropicStream(FakeRequest request, FakeReply reply)
        {
            static string Event(string type, string rest) => $$"""event: {{type}}{{'\n'}}data: {"type":"{{type}}"{{rest}}}""" + "\n\n";

            var startUsage = AnthropicUsage(reply, isStart: true) is { } start ? $",\"usage\":{start}" : "";
            yield return Event("message_start",
                $$""","message":{"id":"msg_{{request.Number}}","type":"message","role":"assistant","model":{{Json(reply.Model ?? request.Model)}},"content":[],"stop_reason":null,"stop_sequence":null{{startUsage}}}""");
            var index = 0;
            if (reply.Text != "" || reply.ToolCalls.Count == 0)
            {
                yield return Event("content_block_start", $$""","index":{{index}},"content_block":{"type":"text","text":""}""");
                yield return Event("ping", "");
                foreach (var piece in Pieces(reply.Text, reply.PieceLength))
                    yield return Event("content_block_delta", $$""","index":{{index}},"delta":{"type":"text_delta","text":{{Json(piece)}}}""");
                yield return Event("content_block_stop", $$""","index":{{index++}}""");
            }
            foreach (var call in reply.ToolCalls)
            {
                yield return Event("content_block_start",
                    $$$""","index":{{{index}}},"content_block":{"type":"tool_use","id":"toolu_{{{request.Number}}}_{{{index}}}","name":{{{Json(call.Name)}}},"input":{}}""");
                foreach (var piece in Pieces(call.Arguments, reply.PieceLength))
                    yield return Event(
                        "content_block_delta", $$""","index":{{index}},"delta":{"type":"input_json_delta","partial_json":{{Json(piece)}}}""");
                yield return Event("content_block_stop", $$""","index":{{index++}}""");
            }
            var endUsage = AnthropicUsage(reply, isStart: false) is { } end ? $",\"usage\":{end}" : "";
            yield return Event("message_delta", $$""","delta":{"stop_reason":{{Json(StopReason(reply))}},"stop_sequence":null}{{endUsage}}""");
            yield return Event("message_stop", "");
        }

        static string AnthropicWhole(FakeRequest request, FakeReply reply)
        {
            var content = reply.ToolCalls.Select((call, index) =>
                $$"""{"type":"tool_use","id":"toolu_{{request.Number}}_{{index}}","name":{{Json(call.Name)}},"input":{{call.Arguments}}}""");
            if (reply.Text != "") content = content.Prepend($$"""{"type":"text","text":{{Json(reply.Text)}}}""");
            return $$"""
                {"id":"msg_{{request.Number}}","type":"message","role":"assistant","model":{{Json(reply.Model ?? request.Model)}},"content":[{{string.Join(",", content)}}],
                "stop_reason":{{Json(StopReason(reply))}},"stop_sequence":null,"usage":{{AnthropicUsage(reply, isStart: null) ?? "null"}}}
                """;
        }

        static string StopReason(FakeReply reply) => reply.FinishReason ?? (reply.ToolCalls.Count > 0 ? "tool_use" : "end_turn");

        static string? AnthropicUsage(FakeReply reply, bool? isStart)
        {
            if (reply.RawUsage is not null) return reply.RawUsage;
            if (reply.Usage is not { } usage) return null;

            var counts = $"\"input_tokens\":{usage.Input},\"cache_creation_input_tokens\":{usage.CacheWrite5Minutes + usage.CacheWrite1Hour},"
                         + $"\"cache_read_input_tokens\":{usage.CachedInput}";
            var lifetimes =
                $$""","cache_creation":{"ephemeral_5m_input_tokens":{{usage.CacheWrite5Minutes}},"ephemeral_1h_input_tokens":{{usage.CacheWrite1Hour}}},"service_tier":"standard" """;
            var output = $",\"output_tokens\":{(isStart == true ? 1 : usage.AllOutput)}";
            var thinking = isStart == true ? "" : $$""","output_tokens_details":{"thinking_tokens":{{usage.Reasoning}}}""";
            return "{" + counts + (isStart == false ? "" : lifetimes) + output + thinking + "}";
        }

        static IEnumerable<string> OllamaStream(FakeRequest request, FakeReply reply)
        {
            var head =
                $$"""{"model":{{Json(reply.Model ?? request.Model)}},"created_at":"2026-11-23T00:00:00.000000Z","message":{"role":"assistant","content":""";
            foreach (var piece in Pieces(reply.Text, reply.PieceLength)) yield return $$"""{{head}}{{Json(piece)}}},"done":false}""" + "\n";
            foreach (var call in reply.ToolCalls)
                yield return $$$"""{{{head}}}"","tool_calls":[{"function":{"name":{{{Json(call.Name)}}},"arguments":{{{call.Arguments}}}}}]},"done":false}""" + "\n";
            yield return $$"""{{head}}""},{{OllamaEnd(reply)}}}""" + "\n";
        }

        static string OllamaWhole(FakeRequest request, FakeReply reply)
        {
            var calls = string.Join(
                ",", reply.ToolCalls.Select(call => $$$"""{"function":{"name":{{{Json(call.Name)}}},"arguments":{{{call.Arguments}}}}}"""));
            return $$"""{"model":{{Json(reply.Model ?? request.Model)}},"created_at":"2026-11-23T00:00:00.000000Z","message":{"role":"assistant","content":{{Json(reply.Text)}},"tool_calls":[{{calls}}]},{{OllamaEnd(reply)}}}""";
        }

        static string OllamaEnd(FakeReply reply)
        {
            var usage = reply.RawUsage?.Trim('{', '}')
                        ?? (reply.Usage is { } counts ? $"\"prompt_eval_count\":{counts.AllInput},\"eval_count\":{counts.AllOutput}" : "");
            return $"\"done\":true,\"done_reason\":{Json(reply.FinishReason ?? "stop")},\"total_duration\":1,\"load_duration\":1"
                   + ",\"prompt_eval_duration\":1,\"eval_duration\":1" + (usage == "" ? "" : "," + usage);
        }

        static IEnumerable<string> Pieces(string text, int length)
        {
            for (var i = 0; i < text.Length; i += length) yield return text.Substring(i, Math.Min(length, text.Length - i));
        }

        /// <summary>A JSON string in ASCII that keeps what a serialiser would repair, such as lone surrogates.</summary>
        static string Json(string text)
        {
            var json = new StringBuilder("\"");
            foreach (var character in text)
                if (character is '"' or '\\') json.Append('\\').Append(character);
                else if (character is < ' ' or > '~') json.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                else json.Append(character);
            return json.Append('"').ToString();
        }
    }
}

public enum FakeProtocol
{
    OpenAI,
    Anthropic,
    Ollama,
}

/// <summary>How a reply that stops early does so.</summary>
public enum FakeStop
{
    /// <summary>The connection breaks.</summary>
    Cut,

    /// <summary>The reply ends as if it were complete.</summary>
    End,

    /// <summary>Nothing more comes.</summary>
    Hang,
}

/// <param name="Number">From 1.</param>
/// <param name="Path">With the query.</param>
public sealed record FakeRequest(int Number, DateTimeOffset At, string Path, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public FakeProtocol Protocol => Path.Contains("/chat/completions", StringComparison.Ordinal) ? FakeProtocol.OpenAI
        : Path.Contains("/messages", StringComparison.Ordinal) ? FakeProtocol.Anthropic
        : FakeProtocol.Ollama;

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Model => Json.TryGetProperty("model", out var model) ? model.GetString()! : "unnamed";

    public bool IsStreaming => Json.TryGetProperty("stream", out var stream) ? stream.GetBoolean() : Protocol == FakeProtocol.Ollama;
}

/// <param name="Arguments">Put on the wire as they are. Ollama's format holds them as JSON, so there they must be valid.</param>
/// <param name="Id">Null numbers them. Ollama's format has none.</param>
public sealed record FakeToolCall(string Name, string Arguments, string? Id = null);

/// <summary>Disjoint buckets; each protocol counts them its own way.</summary>
public sealed record FakeUsage(
    long Input, long Output, long CachedInput = 0, long CacheWrite5Minutes = 0, long CacheWrite1Hour = 0, long Reasoning = 0)
{
    public long AllInput => Input + CachedInput + CacheWrite5Minutes + CacheWrite1Hour;
    public long AllOutput => Output + Reasoning;
}

/// <summary>What a request gets.</summary>
public sealed record FakeReply
{
    /// <summary>The answer, or the error's message when <see cref="Status"/> is not 200.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<FakeToolCall> ToolCalls { get; init; } = [];

    /// <summary>UTF-16 units of text or arguments in one frame of a stream.</summary>
    public int PieceLength { get; init; } = 7;

    /// <summary>Null reports none.</summary>
    public FakeUsage? Usage { get; init; }

    /// <summary>JSON to report instead of <see cref="Usage"/>.</summary>
    public string? RawUsage { get; init; }

    /// <summary>Null answers as the model asked for.</summary>
    public string? Model { get; init; }

    /// <summary>Null is the protocol's usual.</summary>
    public string? FinishReason { get; init; }

    public int Status { get; init; } = 200;

    /// <summary>The whole body of an error, instead of one made from <see cref="Text"/>.</summary>
    public string? Body { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Sent as they are, instead of what the protocol says. Null for the protocol's.</summary>
    public IReadOnlyList<string>? Frames { get; init; }

    /// <summary>Null is the protocol's usual.</summary>
    public string? ContentType { get; init; }

    /// <summary>The connection is left open after the last frame.</summary>
    public bool StaysOpen { get; init; }

    /// <summary>Before anything is sent.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Breaks the connection before anything is sent.</summary>
    public bool Drops { get; init; }

    public TimeSpan BetweenFrames { get; init; }

    /// <summary>Where the body stops early. Null sends all of it.</summary>
    public int? StopAfterBytes { get; init; }

    public FakeStop Stop { get; init; } = FakeStop.Cut;

    public static FakeReply Answer(string text, FakeUsage? usage = null) => new() { Text = text, Usage = usage };

    /// <summary>A stream of these frames, to the letter.</summary>
    public static FakeReply Sends(params string[] frames) => new() { Frames = frames };

    public static FakeReply Calls(params FakeToolCall[] calls) => new() { ToolCalls = calls, Usage = new(10, 5) };

    public static FakeReply Error(int status, string message, string? retryAfter = null) => new()
    {
        Status = status,
        Text = message,
        Headers = retryAfter is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["Retry-After"] = retryAfter },
    };

    /// <summary>Not even headers.</summary>
    public static FakeReply Silence => new() { Delay = Timeout.InfiniteTimeSpan };
}
