using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Agents.Host.Catalog.Format;
using Agents.Host.Http;
using Agents.Host.Log;

namespace Agents.Host.Cli;

/// <summary>The server's HTTP API, as the verbs use it. Refusals become a <see cref="VerbException"/> with the server's own words.</summary>
public sealed class Api(HttpClient http)
{
    /// <summary>How often a stream that broke is taken up again without a new fact in between.</summary>
    const int Reconnects = 30;

    static readonly TimeSpan ReconnectAfter = TimeSpan.FromSeconds(1);

    public Uri Address => http.BaseAddress!;

    public Task<JsonElement> Get(string path, CancellationToken ct) => Send(HttpMethod.Get, path, null, ct);

    /// <param name="key">Idempotency key: the same request under it is done once. Null for none.</param>
    public Task<JsonElement> Post(string path, object body, CancellationToken ct, string? key = null) =>
        Send(HttpMethod.Post, path, new StringContent(JsonSerializer.Serialize(body, Answers.Format), Encoding.UTF8, "application/json"), ct, key);

    /// <summary>Sends what need not be JSON.</summary>
    /// <param name="key">As for the other.</param>
    public Task<JsonElement> Post(string path, HttpContent content, CancellationToken ct, string? key = null) =>
        Send(HttpMethod.Post, path, content, ct, key);

    public Task<JsonElement> Put(string path, object body, CancellationToken ct) =>
        Send(HttpMethod.Put, path, new StringContent(JsonSerializer.Serialize(body, Answers.Format), Encoding.UTF8, "application/json"), ct);

    /// <summary>Sends text as it is.</summary>
    /// <param name="mediaType">Such as <c>application/yaml</c>.</param>
    public Task<JsonElement> PutText(string path, byte[] text, string mediaType, CancellationToken ct)
    {
        var content = new ByteArrayContent(text);
        content.Headers.ContentType = new(mediaType);
        return Send(HttpMethod.Put, path, content, ct);
    }

    /// <summary>The answer as text of a media type.</summary>
    public async Task<string> GetText(string path, string mediaType, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new(mediaType));
        using var response = await Answer(request, ct);
        return await response.Content.ReadAsStringAsync(ct);
    }

    public async Task Delete(string path, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        using var response = await Answer(request, ct);
    }

    /// <summary>All facts of a run, page by page.</summary>
    public async Task<Page<EventView>> Events(Guid runId, CancellationToken ct)
    {
        var facts = new List<EventView>();
        for (string? next = "0"; next is not null;)
        {
            var page = (await Get($"runs/{runId}/events?after={next}", ct)).As<Page<EventView>>();
            facts.AddRange(page.Items);
            next = page.Next;
        }

        return new(facts, null);
    }

    /// <summary>Sends a file as it is.</summary>
    public Task<JsonElement> Upload(string path, Stream content, CancellationToken ct) => Send(HttpMethod.Post, path, new StreamContent(content), ct);

    /// <summary>The run's facts after a version, then live; ends with the stream, and takes it up again where it broke.</summary>
    /// <param name="withWords">
    /// Also the words of replies as they come: <c>delta</c> and <c>attempt_reset</c>, with the version of the fact before them, and no time.
    /// </param>
    public async IAsyncEnumerable<EventView> Follow(Guid runId, long after, [EnumeratorCancellation] CancellationToken ct, bool withWords = false)
    {
        for (var failures = 0; ;)
        {
            await using var frames = Frames(runId, after, withWords, ct).GetAsyncEnumerator(ct);
            while (true)
            {
                bool isNext;
                try
                {
                    isNext = await frames.MoveNextAsync();
                }
                catch (Exception e) when (
                    e is IOException or HttpRequestException or VerbException { ExitCode: ExitCodes.Unreachable } && failures < Reconnects)
                {
                    failures++;
                    await Task.Delay(ReconnectAfter, ct);
                    break;
                }

                if (!isNext) yield break;
                (after, failures) = (frames.Current.Version, 0);
                yield return frames.Current;
            }
        }
    }

    async IAsyncEnumerable<EventView> Frames(Guid runId, long after, bool withWords, [EnumeratorCancellation] CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"runs/{runId}/stream?after={after}");
        using var response = await Answer(request, ct);
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        await foreach (var frame in SseParser.Create(stream).EnumerateAsync(ct))
        {
            if (frame.Data == "[DONE]") yield break;
            var happened = frame.EventType is "delta" or "attempt_reset"
                ? new EventView(after, frame.EventType, default, JsonSerializer.Deserialize<JsonElement>(frame.Data))
                : JsonSerializer.Deserialize<EventView>(frame.Data, Answers.Format)!;
            after = happened.Version;
            if (withWords || happened.Type == frame.EventType && frame.EventType is not ("delta" or "attempt_reset")) yield return happened;
        }

        throw new IOException("The stream ended before the run did."); // the server was stopped
    }

    async Task<JsonElement> Send(HttpMethod method, string path, HttpContent? content, CancellationToken ct, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        using var response = await Answer(request, ct);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync<JsonElement>(body, cancellationToken: ct);
    }

    /// <summary>The response, read up to its headers, if it is a success.</summary>
    async Task<HttpResponseMessage> Answer(HttpRequestMessage request, CancellationToken ct)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        }
        catch (HttpRequestException e)
        {
            throw new VerbException(ExitCodes.Unreachable, $"The server at {Address} cannot be reached: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new VerbException(ExitCodes.Unreachable, $"The server at {Address} did not answer in {http.Timeout.TotalSeconds:0} s.", e);
        }

        if (response.IsSuccessStatusCode) return response;
        using (response) throw await Refusal(response, ct);
    }

    static async Task<VerbException> Refusal(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await response.Content.ReadAsStringAsync(ct);
        return new(ExitCodes.Of(response.StatusCode), ProblemIn(body) ?? $"The server answered {(int)response.StatusCode} {response.ReasonPhrase}.");
    }

    /// <summary>Title and detail of problem details, and each mistake in a line; null when the body is something else.</summary>
    static string? ProblemIn(string body)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<JsonElement>(body);
            if (problem.ValueKind != JsonValueKind.Object || !problem.TryGetProperty("title", out var title)) return null;
            if (problem.TryGetProperty("errors", out var errors))
                return string.Join('\n', errors.As<List<Mistake>>().Select(mistake => $"{mistake}").Prepend($"{title.GetString()}:"));
            return problem.TryGetProperty("detail", out var detail)
                ? $"{title.GetString()}: {Wording.OfServer(detail.GetString() ?? "")}"
                : title.GetString();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
