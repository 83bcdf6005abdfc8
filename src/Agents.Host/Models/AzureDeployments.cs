using Azure.AI.OpenAI;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>Sends each call to the deployment it names: Azure takes the model from the path, which one SDK client fixes for good.</summary>
sealed class AzureDeployments(AzureOpenAIClient azure, string otherwise) : IChatClient
{
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Deployment(options).GetResponseAsync(messages, options, cancellationToken);

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        Deployment(options).GetStreamingResponseAsync(messages, options, cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this : Deployment(null).GetService(serviceType, serviceKey);

    public void Dispose() { }

    IChatClient Deployment(ChatOptions? options) => azure.GetChatClient(options?.ModelId ?? otherwise).AsIChatClient();
}
