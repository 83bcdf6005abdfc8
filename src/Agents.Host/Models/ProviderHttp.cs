using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Models.Wire;

namespace Agents.Host.Models;

/// <summary>The one way to the provider for every SDK: its refusals become one kind of exception, its replies are bounded.</summary>
/// <remarks>Without it each SDK reports an error in its own way, and Anthropic's and Ollama's lose the Retry-After header.</remarks>
public sealed class ProviderHttp : DelegatingHandler
{
    // Only for calls that were given up while their SDK did not heed its token; a call in time is measured by ModelCall.
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>Not nothing, which would be the usual delay.</summary>
    static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(1);

    readonly ModelOptions options;
    readonly IReadOnlyList<ILearnedField> fields;

    ProviderHttp(ModelOptions options, IReadOnlyList<ILearnedField> fields) : base(Sockets()) => (this.options, this.fields) = (options, fields);

    /// <summary>A client whose only time limits are those of <see cref="ModelOptions"/>.</summary>
    /// <param name="fields">None where every server takes all that is sent.</param>
    internal static HttpClient Client(ModelOptions options, params IReadOnlyList<ILearnedField> fields) =>
        new(new ProviderHttp(options, fields)) { Timeout = Timeout.InfiniteTimeSpan };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        RequestId.AddTo(request);
        var exchange = Exchange.Current;
        if (exchange is not null)
            foreach (var field in fields) await field.Write(request, exchange, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        RateHeaders.Keep(response);
        if (!response.IsSuccessStatusCode)
            using (response)
                throw await Refusal(response, exchange, cancellationToken);

        var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bounded = new StreamContent(new BoundedReplyStream(body, options.CallTimeout + Grace));
        foreach (var header in response.Content.Headers) bounded.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = bounded;
        return exchange is null ? response : exchange.Take(response);
    }

    async Task<ProviderFailedException> Refusal(HttpResponseMessage response, Exchange? exchange, CancellationToken ct)
    {
        var body = await ReadStart(response.Content, ct);
        var words = $"HTTP {(int)response.StatusCode}: {ModelFailures.Redact(MessageIn(body), options.ApiKey)}";
        if (exchange is not null && Learned(exchange, response.StatusCode, body) is { Count: > 0 } learned)
            return new(
                FailureKind.Unavailable, $"{WireJson.Start(words)} The server is sent {string.Join(" and ", learned)} from now on.", AtOnce);

        var isSpent = response.StatusCode is HttpStatusCode.TooManyRequests && ProviderErrors.IsSpent(body);
        return new(
            isSpent ? FailureKind.Rejected : ModelFailures.KindOf(response.StatusCode), words, RetryAfter(response.Headers, DateTimeOffset.UtcNow));
    }

    /// <summary>One refusal may be about several members.</summary>
    List<string> Learned(Exchange exchange, HttpStatusCode status, string body)
    {
        var learned = new List<string>();
        foreach (var field in fields)
            if (field.Learn(exchange, status, body) is { } form) learned.Add(form);
        return learned;
    }

    /// <summary>
    /// The wait in <c>retry-after-ms</c> or <c>Retry-After</c> (seconds, also a fraction, or a time), 0 to a day. Null when neither makes sense.
    /// </summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Number("retry-after-ms") is { } milliseconds) return RateHeaders.Wait(milliseconds / 1000, now);
        if (Number("Retry-After") is { } seconds) return RateHeaders.Wait(seconds, now);
        return headers.RetryAfter?.Date is { } date ? RateHeaders.Wait((date - now).TotalSeconds, now) : null;

        double? Number(string name) =>
            headers.TryGetValues(name, out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : null;
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
