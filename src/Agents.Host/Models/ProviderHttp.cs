using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Agents.Host.Models;

/// <summary>The one way to the provider for every SDK: its refusals become one kind of exception, its replies are bounded.</summary>
/// <remarks>Without it each SDK reports an error in its own way, and Anthropic's and Ollama's lose the Retry-After header.</remarks>
public sealed class ProviderHttp(ModelOptions options) : DelegatingHandler(Sockets())
{
    // Only for calls that were given up while their SDK did not heed its token; a call in time is measured by ModelCall.
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>A client whose only time limits are those of <see cref="ModelOptions"/>.</summary>
    public static HttpClient Client(ModelOptions options) => new(new ProviderHttp(options)) { Timeout = Timeout.InfiniteTimeSpan };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RequestId.AddTo(request);
        var response = await base.SendAsync(request, cancellationToken);
        RateHeaders.Keep(response);
        if (!response.IsSuccessStatusCode)
            using (response)
                throw await Refusal(response, cancellationToken);

        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bounded = new StreamContent(new BoundedReplyStream(body, options.CallTimeout + Grace));
        foreach (var header in response.Content.Headers) bounded.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = bounded;
        return response;
    }

    async Task<ProviderRefusedException> Refusal(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await ReadStart(response.Content, ct);
        return new(response.StatusCode, ModelFailures.Redact(MessageIn(body), options.ApiKey), RetryAfter(response.Headers, DateTimeOffset.UtcNow));
    }

    /// <summary>The wait in <c>retry-after-ms</c> or <c>Retry-After</c> (seconds or a date), 0 to a day. Null when neither makes sense.</summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        var milliseconds = headers.TryGetValues("retry-after-ms", out var values)
                           && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                           && double.IsFinite(number)
            ? number
            : (headers.RetryAfter?.Delta ?? headers.RetryAfter?.Date - now)?.TotalMilliseconds;

        return milliseconds is { } wait ? TimeSpan.FromMilliseconds(Math.Clamp(wait, 0, TimeSpan.FromDays(1).TotalMilliseconds)) : null;
    }

    /// <summary>The provider's own words in an error body: <c>error.message</c>, <c>error</c>, <c>message</c>, or the body itself.</summary>
    public static string MessageIn(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var error = Property(json.RootElement, "error") ?? json.RootElement;
            var message = Property(error, "message") ?? error;
            return message.ValueKind == JsonValueKind.String ? message.GetString()! : body;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for lone surrogates
        {
            return body;
        }

        static JsonElement? Property(JsonElement element, string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var property) ? property : null;
    }

    static async Task<string> ReadStart(HttpContent content, CancellationToken ct)
    {
        var bytes = new byte[ModelLimits.ErrorBodyBytes];
        try
        {
            await using var body = await content.ReadAsStreamAsync(ct);
            var read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
            return Encoding.UTF8.GetString(bytes, 0, read);
        }
        catch (IOException)
        {
            return ""; // the status says enough
        }
    }

    // No redirects: a key must not follow to another host. No cookies, no proxy surprises beyond the system's.
    static SocketsHttpHandler Sockets() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };
}

/// <summary>The provider answered with something other than success.</summary>
/// <param name="message">The provider's own words, without secrets.</param>
/// <param name="retryAfter">The wait it asked for. Null when it asked for none.</param>
public sealed class ProviderRefusedException(HttpStatusCode status, string message, TimeSpan? retryAfter) : Exception(message)
{
    public HttpStatusCode Status => status;
    public TimeSpan? RetryAfter => retryAfter;
}
