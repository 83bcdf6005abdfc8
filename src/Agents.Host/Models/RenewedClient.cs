using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>A client whose key stands in a file: it is made anew when the key has changed. Calls under way keep the one they began with.</summary>
sealed class RenewedClient(ModelOptions options, Func<ModelOptions, IChatClient> create) : IChatClient
{
    readonly Lock gate = new();
    (string? Key, IChatClient Client) made = (options.ApiKey, create(options));

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Current().GetResponseAsync(messages, options, cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Current().GetStreamingResponseAsync(messages, options, cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : made.Client.GetService(serviceType, serviceKey);

    public void Dispose() => made.Client.Dispose();

    IChatClient Current()
    {
        lock (gate) // the key is read within: what was read before another call's would bring the older one back
        {
            var now = options.WithCurrentKey();
            if (now.ApiKey != made.Key) made = (now.ApiKey, create(now));
            return made.Client;
        }
    }
}
