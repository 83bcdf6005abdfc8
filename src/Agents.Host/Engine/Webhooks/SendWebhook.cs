using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Engine.Webhooks;

/// <summary>One event on its way to one address: a durable message, so that it survives whatever happens here and there.</summary>
/// <param name="Id">The event's; the same for every address and every try, so that a receiver can tell a repetition.</param>
/// <param name="Body">JSON, the same bytes on every try.</param>
public sealed record SendWebhook(Guid Id, string Url, string Body);

/// <summary>Posts the event. What fails is tried again by the message's policy.</summary>
public static class SendWebhookHandler
{
    public static Task Handle(SendWebhook message, WebhookSender sender, CancellationToken ct) => sender.Send(message, ct);
}

/// <summary>The receiver did not take the event; try again later.</summary>
public sealed class WebhookFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Signs and posts as Standard Webhooks says: headers <c>webhook-id</c>, <c>webhook-timestamp</c> and <c>webhook-signature</c>.</summary>
public sealed class WebhookSender(WebhookOptions options, TimeProvider time, ILogger<WebhookSender> log) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly HttpClient http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Patience, MaxResponseHeadersLength = 16 }) { Timeout = Patience };

    /// <exception cref="WebhookFailedException">No answer in time, or one that is not of the 200s.</exception>
    public async Task Send(SendWebhook message, CancellationToken ct)
    {
        if (options.Urls.FirstOrDefault(url => url.OriginalString == message.Url) is not { } url)
        {
            log.LogInformation("The webhook {Id} is dropped: its address is not configured any more", message.Id);
            return;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new ByteArrayContent(
                Encoding.UTF8.GetBytes(message.Body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", message.Id.ToString());
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", Signature(options.Secret.Span, message.Id, timestamp, message.Body));
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode) throw new WebhookFailedException($"{url.Host} answered {(int)response.StatusCode}.");
        }
        catch (HttpRequestException e)
        {
            throw new WebhookFailedException($"{url.Host} cannot be reached: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new WebhookFailedException($"{url.Host} did not answer in {Patience.TotalSeconds:0} s.", e);
        }
    }

    /// <summary><c>v1,</c> and the HMAC-SHA256 over <c>id.timestamp.body</c> in Base64.</summary>
    public static string Signature(ReadOnlySpan<byte> secret, Guid id, string timestamp, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));

    public void Dispose() => http.Dispose();
}
